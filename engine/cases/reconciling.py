"""Monthly reconciliation: statements taken in and compared, pairs confirmed, differences sent as tasks, reports signed (MONEY-05).

The accountant reconciles and signs first; another of control or finance signs second. Each difference is a case of
``processes/reconcile.bpmn``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy.orm import Session

from engine.cases.book_periods import require_one
from engine.cases.books import month_of
from engine.cases.office import Office
from engine.cases.start import next_case, start_case
from engine.cases.statement_files import read_bank, read_figures
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.money import reconciliation
from engine.money.period_checks import SIDE_NAMES
from engine.money.reconciliation import BookDifference, Comparison
from engine.money.reconciliation_tables import (
    SIDES,
    Reconciliation,
    ReconciliationDifference,
    ReconciliationPair,
)
from engine.money.reconciling import decide_pair, open_reconciliation
from engine.money.reconciling import sign as sign_report
from engine.people import Region
from engine.values import SYSTEM, Actor, CaseId, Money, Month, Reason, Refusal, RefusedError
from engine.workflow.rehearsal import Value

RECONCILE = ("accountant",)
SIGN = ("accountant", "cashier", "control")
#: whose side the books are compared with
COMPARED_WITH = SIDES
#: more differences than that, and the file is not of this account
DIFFERENCES_MAX = 300


def reconcile(
    office: Office, actor: Actor, *, region: str, month: str, side: str, file: bytes = b"", name: str = ""
) -> Done | Refusal:
    """The side compared with the books of the month; every new difference becomes a case.

    ``file`` is the statement of bank, tax office or treasury; the business needs none.
    """
    wanted = month_of(month)

    def work(session: Session) -> Done:
        if wanted is None or wanted > Month.of(office.today):
            raise RefusedError(
                Reason(
                    code="month_wrong", text="月份写法不对（例：2025-11），或还没有到", text_en="Not a month."
                )
            )
        if side not in SIDES or session.get(Region, region) is None:
            raise RefusedError(
                Reason(code="side_unknown", text="没有这个地区或对账对方", text_en="No such region or side.")
            )
        require_one(session, office, actor, RECONCILE, region)
        comparison = _compared(session, office, region=region, month=wanted, side=side, file=file)
        if len(comparison.differences) > DIFFERENCES_MAX:
            raise RefusedError(
                Reason(
                    code="too_many_differences",
                    text=f"差异超过{DIFFERENCES_MAX}条，请核对是不是这个账户、这个月的对账单",
                    text_en=f"More than {DIFFERENCES_MAX} differences; is this the right file?",
                )
            )
        opened = open_reconciliation(
            session,
            region=region,
            month=wanted,
            side=side,
            comparison=comparison,
            file=file,
            file_name="".join(sign for sign in name if sign.isprintable()),
            actor=actor,
            now=office.clock(),
        )
        send_as_tasks(office, session, opened.raised)
        return Done(
            message=f"{wanted} 与{SIDE_NAMES[side]}对账：相符 {comparison.agreed} 项，"
            f"待确认配对 {len(comparison.proposed)} 项，新差异 {len(opened.raised)} 条"
        )

    return attempt(office, actor, work, subject=f"reconciliation:{side[:10]}", stream="office")


def decide(office: Office, actor: Actor, pair_id: int, *, same: bool) -> Done | Refusal:
    """A proposed pair confirmed, or rejected; then each of the two items is a difference."""

    def work(session: Session) -> Done:
        pair = session.get(ReconciliationPair, pair_id)
        kept = session.get(Reconciliation, pair.reconciliation_id) if pair else None
        if kept is None:
            raise RefusedError(Reason(code="no_such_pair", text="没有这个配对", text_en="No such pair."))
        require_one(session, office, actor, RECONCILE, kept.region)
        raised = decide_pair(session, pair_id, same=same, actor=actor, now=office.clock())
        send_as_tasks(office, session, raised)
        return Done(message="已确认是同一笔" if same else f"不是同一笔，新差异 {len(raised)} 条")

    return attempt(office, actor, work, subject=f"reconciliation_pair:{pair_id}")


def sign(office: Office, actor: Actor, reconciliation_id: int) -> Done | Refusal:
    """One signature on the report: first of an accountant, then of another person of control or finance."""

    def work(session: Session) -> Done:
        kept = session.get(Reconciliation, reconciliation_id)
        if kept is None:
            raise RefusedError(
                Reason(code="no_such_reconciliation", text="没有这份对账报告", text_en="No such report.")
            )
        require_one(session, office, actor, SIGN if kept.signed_by else RECONCILE, kept.region)
        signed = sign_report(session, reconciliation_id, actor=actor, now=office.clock())
        return Done(message="对账报告两人已签字" if signed.status == "signed" else "已签字，等另一人签字")

    return attempt(office, actor, work, subject=f"reconciliation:{reconciliation_id}")


def send_as_tasks(
    office: Office, session: Session, raised: Sequence[ReconciliationDifference]
) -> tuple[CaseId, ...]:
    """A case for each difference, opened by the system; the accountant of the region finds it among the tasks."""
    opened = []
    for difference in raised:
        case = next_case(
            session, office, "reconcile", region=difference.region, subject=f"office:{difference.region}"
        )
        data = {
            "difference_id": difference.id,
            "difference_text": difference.text,
            "difference_side": SIDE_NAMES[difference.side],
            "difference_month": difference.month,
            "booked_fen": difference.booked_fen,
            "found_fen": difference.found_fen,
        }
        start_case(office, session, SYSTEM, case, data)
        difference.case_id = case.id
        session.flush()
        opened.append(case.id)
    return tuple(opened)


def open_difference(office: Office, data: Mapping[str, Value], *, region: str) -> Done | Refusal:
    """A difference as a rehearsal says it, with its case; only on the stage, where everything is rolled back."""
    month = month_of(str(data.get("month", ""))) or Month.of(office.today)
    side = str(data.get("side", "bank"))
    said = str(data.get("difference_text") or "演练差异")
    booked, found = Money(_fen(data, "booked_fen")), Money(_fen(data, "found_fen"))

    def work(session: Session) -> Done:
        apart = BookDifference(
            key=str(data.get("key") or said), text=said, text_en=said, booked=booked, found=found
        )
        opened = open_reconciliation(
            session,
            region=region,
            month=month,
            side=side if side in SIDES else "bank",
            comparison=Comparison(agreed=0, proposed=(), differences=(apart,), booked=booked, found=found),
            file=b"rehearsal",
            file_name="",
            actor=SYSTEM,
            now=office.clock(),
        )
        cases = send_as_tasks(office, session, opened.raised)
        if not cases:
            raise RefusedError(
                Reason(code="difference_known", text="这条差异已经立过", text_en="Raised before.")
            )
        return Done(message=said, case_id=cases[0])

    return attempt(office, SYSTEM, work, subject=f"office:{region}")


def _compared(
    session: Session, office: Office, *, region: str, month: Month, side: str, file: bytes
) -> Comparison:
    if side == "business":
        return reconciliation.compare_business(session, region=region)
    if side == "bank":
        statement = read_bank(file, region=region, month=month)
        days = office.book.at("control.pair_within", region, _day(month, office)).value
        return reconciliation.compare_bank(
            session, month=month, statement=statement, days=int(str(days)), now=office.clock()
        )
    said = read_figures(file, region=region, month=month)
    if side == "tax":
        return reconciliation.compare_tax(session, region=region, month=month, said=said)
    return reconciliation.compare_treasury(session, region=region, month=month, said=said)


def _day(month: Month, office: Office) -> date:
    return min(month.last_day, office.today)


def _fen(data: Mapping[str, Value], name: str) -> int:
    value = data.get(name, 0)
    return value if isinstance(value, int) else 0
