"""Suspicion lists of ministry and province: taken in whole, and each line answered once (CTRL-03).

The tables are ``list_tables``. A finding that is true of a running grant becomes a hit, and stops nothing by itself.
Who may find and who confirms is the caller's business; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engine.benefits.tables import BenefitGrant
from engine.duties import covers
from engine.oversight.hits import report_hit
from engine.oversight.list_tables import FINDINGS, SuspicionLine, SuspicionList
from engine.people import Person
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import Vault, mask_id
from engine.values import Actor, Reason, RefusedError

Sender = Literal["ministry", "province"]
SENDER_NAMES: Mapping[str, str] = {"ministry": "部", "province": "省"}
FINDING_NAMES: Mapping[str, str] = {
    "true": "属实",
    "false": "不属实",
    "not_ours": "查无此人或不在本地参保",
    "settled": "此前已处理",
}
SOURCE = "鲁人社函〔2020〕10号（七）"
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One line as it was read."""

    line_no: int
    id_number: str
    #: as the list has it; may be empty
    name: str
    claim_text: str


def take(
    session: Session,
    vault: Vault,
    rows: Sequence[ListRow],
    *,
    sender: Sender,
    number: str,
    region: str,
    answer_due: date,
    digest: str,
    day: date,
    actor: Actor,
    now: datetime,
) -> SuspicionList:
    """The list with all its lines. The caller has looked that the region does not have the file already."""
    taken = SuspicionList(
        sender=sender,
        number=number,
        region=region,
        received_on=day,
        answer_due=answer_due,
        digest=digest,
        line_count=len(rows),
        taken_by=actor.key,
        taken_at=now,
    )
    session.add(taken)
    session.flush()
    for start in range(0, len(rows), _CHUNK):
        chunk = [(row, vault.index(row.id_number)) for row in rows[start : start + _CHUNK]]
        people = _people(session, [index for _, index in chunk])
        grants = _grants(session, region, people.values())
        session.execute(
            insert(SuspicionLine),
            [
                {
                    "list_id": taken.id,
                    "line_no": row.line_no,
                    "person_index": index,
                    "person_label": f"{row.name} {mask_id(row.id_number)}".strip(),
                    "person_id": people.get(index),
                    "grant_id": grants.get(people.get(index, 0)),
                    "claim_text": row.claim_text,
                    "finding": "",
                    "finding_note": "",
                }
                for row, index in chunk
            ],
        )
    append(
        session,
        stream=f"suspicion:{region}",
        action=Action.SUSPICION_LIST_TAKEN,
        actor=actor,
        subject=f"suspicion_list:{taken.id}",
        after={"number": number, "sender": sender, "lines": len(rows), "digest": digest},
        now=now,
    )
    return taken


def answer_line(
    session: Session,
    line_id: int,
    *,
    finding: str,
    note: str,
    ground: str,
    event_day: date | None,
    actor: Actor,
    now: datetime,
) -> SuspicionLine:
    """The line with its finding; a ground that is true of a running grant is reported as a hit. Answered once.

    Answered the same way again it stays as it is, another way it is refused.
    """
    assert finding in FINDINGS, finding  # noqa: S101 - the form offers no other
    line = session.get_one(SuspicionLine, line_id, with_for_update=True, populate_existing=True)
    if line.answered_at is not None:
        if line.finding == finding:
            return line
        raise RefusedError(
            Reason(
                code="line_answered",
                text=f"该线索已反馈为“{FINDING_NAMES[line.finding]}”，不能改为“{FINDING_NAMES[finding]}”",
                text_en=f"The line was answered as {line.finding} already.",
                source=SOURCE,
            )
        )
    line.finding, line.finding_note = finding, note
    line.answered_at, line.answered_by = now, actor.key
    taken = session.get_one(SuspicionList, line.list_id)
    grant = session.get(BenefitGrant, line.grant_id) if line.grant_id else None
    if finding == "true" and ground and grant is not None and grant.status == "active":
        hit = report_hit(
            session,
            grant,
            origin="list",
            ground=ground,
            event_day=event_day,
            detail=f"{taken.number} 第{line.line_no}行：{line.claim_text}；{note}",
            actor=actor,
            now=now,
        )
        line.hit_id = hit.id
    session.flush()
    append(
        session,
        stream=f"suspicion:{taken.region}",
        action=Action.SUSPICION_LINE_ANSWERED,
        actor=actor,
        subject=f"suspicion_line:{line.id}",
        after={"finding": finding, "hit": line.hit_id},
        reason=note,
        now=now,
    )
    return line


def _people(session: Session, indexes: list[bytes]) -> dict[bytes, int]:
    query = select(Person.id_number_index, Person.id).where(Person.id_number_index.in_(indexes))
    return {bytes(index): person_id for index, person_id in session.execute(query)}


def _grants(session: Session, region: str, people: Collection[int]) -> dict[int, int]:
    """For each person the grant that runs in the region, else the latest there."""
    query = (
        select(BenefitGrant)
        .where(BenefitGrant.person_id.in_(people))
        .order_by(BenefitGrant.status == "active", BenefitGrant.id)
    )
    return {
        grant.person_id: grant.id for grant in session.scalars(query) if covers(region, grant.region_code)
    }
