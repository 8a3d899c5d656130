"""Recorded reductions on their way to the insurance agency and the public employment service (SERV-04).

``data_dir/agencies/<insurance|employment>/out`` holds a file for each report and revision, the same bytes when it is
sent again; the agency's own connector takes it there. Source: 渝人社发〔2019〕169号三（一）4.
"""

from __future__ import annotations

import orjson
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.people import Employer, Person, id_number_of
from engine.registers.reduction_tables import ReductionReport
from engine.registers.reductions import AGENCIES
from engine.store import outbox
from engine.store.outbox import OutboxMessage
from engine.store.whole_files import file_name, write_whole


def send_reduction(office: Office, message_id: int) -> bool:
    """Hand the report over, as it stands when it goes; the name of the file is the receipt."""
    with office.store.transaction() as session:
        message = session.get_one(OutboxMessage, message_id)
        told = orjson.loads(message.payload)
        content = _record(session, office, told, key=message.key)
        folder = office.settings.data_dir / "agencies" / told["to"] / "out"
        name = f"{file_name(message.key)}.json"
        write_whole(folder / name, content)
        receipt = f"已交{AGENCIES[told['to']][0]}：{name}"
        outbox.mark_sent(session, message_id, now=office.clock(), receipt=receipt)
    return True


def _record(session: Session, office: Office, told: dict[str, object], *, key: str) -> bytes:
    report = session.get_one(ReductionReport, told["report_id"])
    person, employer = (
        session.get_one(Person, report.person_id),
        session.get_one(Employer, report.employer_id),
    )
    said = {
        "key": key,
        "report": report.case_key,
        "revision": told["revision"],
        "id_number": id_number_of(office.vault, person),
        "name": person.name,
        "employer_code": employer.credit_code,
        "employer_name": employer.name,
        "region": report.region_code,
        "exit_day": report.exit_day.isoformat(),
        "reason": report.reason,
        "reported_on": report.reported_on.isoformat(),
    }
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
