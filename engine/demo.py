"""The demo: one claim from application to bank receipt, and one of each other matter, without a browser.

Every step goes through the same use-cases as the pages. The clock is the demo's own, so that
time limits can be seen to act. ``changling demo`` prints the story.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select

from engine.cases import checklists, claims, files, inbox, others, refund_acts, setup, staff, transfers
from engine.cases.office import Office, open_office
from engine.cases.sweep import sweep_until_idle
from engine.cases.views import Done
from engine.config import Settings
from engine.money.ledger import trial_balance
from engine.people import Employer, Person, id_number_of
from engine.refunds.campaign_tables import RetentionRefund
from engine.registers.cast import EMPLOYERS, PEOPLE
from engine.registers.province import load_province
from engine.store.audit import seal
from engine.store.export import verify_database
from engine.store.verification import Verdict
from engine.tasks.tables import Claim, RightsTransfer
from engine.values import CHINA, Actor, Money, Month, Refusal
from engine.workflow.forms import FormErrors
from engine.workflow.tables import WorkflowTask

#: the demo's own password; never accepted in production
PASSWORD = "changling-demo"  # noqa: S105
#: a day on which every figure that the demo needs is in force
DAY = date(2025, 11, 3)

Say = Callable[[str], None]


class DemoError(Exception):
    """The demo could not go on: a step was refused that should not have been."""

    retryable = False


@dataclass(slots=True)
class DemoClock:
    """A clock that stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime(2025, 11, 3, 9, 0, tzinfo=CHINA).astimezone(UTC))

    def __call__(self) -> datetime:
        """The instant that it shows."""
        return self.now

    def forward(self, **by: int) -> None:
        """Move it on, e.g. ``days=3``."""
        self.now += timedelta(**by)


@dataclass(slots=True, kw_only=True)
class Demo:
    """The office of the demo, its clock, and where the story goes."""

    office: Office
    clock: DemoClock
    say: Say

    def staff(self, login: str) -> Actor:
        """The member of staff, signed in with the demo password."""
        actor = staff.sign_in(self.office, login=login, password=PASSWORD)
        if isinstance(actor, Refusal):
            raise DemoError(actor.text)
        return actor

    def person(self, id_number: str, name: str) -> Actor:
        """The insured person, signed in with number and name."""
        actor = staff.sign_in_person(self.office, id_number=id_number, name=name)
        if isinstance(actor, Refusal):
            raise DemoError(actor.text)
        return actor

    def does(self, actor: Actor, case_id: int, element: str, **fields: str) -> None:
        """The actor completes the open task of that element; DemoError with the reason if refused."""
        with self.office.store.reading() as session:
            task = session.scalar(
                select(WorkflowTask).where(
                    WorkflowTask.case_id == case_id,
                    WorkflowTask.element_id == element,
                    WorkflowTask.status == "ready",
                )
            )
        if task is None:
            raise DemoError(f"没有等待办理的环节 {element}")
        outcome = inbox.complete_task(self.office, actor, task.id, dict(fields))
        if isinstance(outcome, FormErrors):
            raise DemoError(f"{task.name}：{dict(outcome.errors)}")
        if isinstance(outcome, Refusal):
            raise DemoError(f"{task.name}：{outcome.text}")
        self.say(f"  {task.name:<12} {actor.name}")
        self.sweep()

    def sweep(self) -> None:
        """Everything that is due, done."""
        sweep_until_idle(self.office)

    def opened(self, outcome: Done | Refusal) -> int:
        """The case that was opened."""
        if isinstance(outcome, Refusal) or outcome.case_id is None:
            raise DemoError(outcome.text if isinstance(outcome, Refusal) else outcome.message)
        self.say(f"  {outcome.message}")
        self.sweep()
        return outcome.case_id


def tell(settings: Settings, *, say: Say = print) -> int:
    """The whole story on the office of the settings; 0 if the books balance and the trail verifies, else 1."""
    clock = DemoClock()
    office = open_office(settings, clock=clock)
    try:
        setup.set_up(office)
        setup.seed(office, people=300, employers=30, seed=1, day=DAY, password=PASSWORD)
        clock.now = _morning_of_the_province(office)
        demo = Demo(office=office, clock=clock, say=say)
        claim_is_paid(demo)
        rights_move(demo)
        refund_is_paid(demo)
        finding_is_closed(demo)
        say("五、账与痕迹")
        return 0 if books_and_trail(demo) else 1
    finally:
        office.close()


def _morning_of_the_province(office: Office) -> datetime:
    """Nine o'clock on the day of the registers: an office that was seeded earlier is told about on its own day."""
    with office.store.reading() as session:
        province = load_province(session)
    day = province.day if province else DAY
    return datetime.combine(day, time(9), tzinfo=CHINA).astimezone(UTC)


def _claimant(demo: Demo) -> Actor:
    """李国强, or when he has claimed already the next resident whom the law would grant a claim."""
    claimed = select(Claim.person_id)
    with demo.office.store.reading() as session:
        taken = {
            demo.office.vault.index(id_number_of(demo.office.vault, person))
            for person in session.scalars(select(Person).where(Person.id.in_(claimed)))
        }
        province = load_province(session)
    assert province is not None  # noqa: S101 - seeded before
    ordinary = [f for f in province.residents.values() if f.traits in ({"cast", "li"}, {"unemployed"})]
    for file in ordinary:
        if demo.office.vault.index(file.population.id_number) not in taken:
            return demo.person(file.population.id_number, file.population.name)
    raise DemoError("这个演示省份里可以申领的人都已申领过；请换一个数据目录再演示")


def _employer(demo: Demo) -> Actor | None:
    """光岳机械, or when it has its refund the other eligible employer of the cast; none when both have theirs."""
    with demo.office.store.reading() as session:
        taken = set(
            session.scalars(
                select(Employer.credit_code).join(RetentionRefund, RetentionRefund.employer_id == Employer.id)
            )
        )
    for key in ("guangyue", "dongchang"):
        code = EMPLOYERS[key].credit_code
        if code not in taken:
            employer = staff.sign_in_employer(demo.office, credit_code=code)
            if isinstance(employer, Actor):
                return employer
    return None


def claim_is_paid(demo: Demo) -> None:
    """A claim from application to bank receipt, through eight people's hands."""
    demo.say("一、失业保险金申领")
    li = _claimant(demo)
    case_id = demo.opened(claims.submit_claim(demo.office, li))
    demo.does(
        li,
        case_id,
        "confirm_form",
        answer="confirm",
        commitment="true",
        wants_work="true",
        phone="13800138000",
    )
    demo.does(demo.staff("wangshouli"), case_id, "check_intake", intake_opinion="pass")
    demo.does(demo.staff("zhaofuhe"), case_id, "review_claim", review_opinion="agree")
    _four_eyes(demo, case_id)
    demo.does(demo.staff("sunshenpi"), case_id, "approve_claim", approval="approve")
    _show_case(demo, li, case_id)
    pay(demo)
    _show_case(demo, li, case_id)


def _four_eyes(demo: Demo, case_id: int) -> None:
    """The reviewer tries to approve the same case, and is told why not."""
    with demo.office.store.reading() as session:
        task_id = session.scalars(
            select(WorkflowTask.id).where(WorkflowTask.case_id == case_id, WorkflowTask.status == "ready")
        ).one()
    outcome = inbox.complete_task(demo.office, demo.staff("zhaofuhe"), task_id, {"approval": "approve"})
    if not isinstance(outcome, Refusal):
        raise DemoError("复核人员竟能审批同一案件")
    demo.say(f"  复核人员试图审批 → 拒绝：{outcome.text}")


def pay(demo: Demo) -> None:
    """A payment run of the region: sampled, certified, released, answered by the bank."""
    demo.say("  —— 待遇发放")
    month = str(Month.of(demo.office.today))
    case_id = demo.opened(others.start_payment_run(demo.office, demo.staff("wangshouli"), month=month))
    sampler = demo.staff("qianfuhe2")
    demo.does(
        sampler,
        case_id,
        "sample_batch",
        sample_opinion="pass",
        sampled_lines="1",
        sample_note="账户、金额与核定一致",
    )
    demo.does(demo.staff("zhoukuaiji"), case_id, "certify_batch", certificate="agree")
    demo.does(demo.staff("wuchuna"), case_id, "release_batch", release="agree")


def _show_case(demo: Demo, actor: Actor, case_id: int) -> None:
    view = files.case_view(demo.office, actor, case_id)
    if isinstance(view, Refusal):
        raise DemoError(view.text)
    for reason in view.reasons:
        mark = "" if reason.verified else "〔未确认〕"
        demo.say(f"    理由 {reason.text}{mark}  {reason.source}")
    for order in view.orders:
        demo.say(
            f"    支付 {order.purpose} {order.month} {order.amount} 元  {order.account}  {order.status_name}"
        )
    for letter in view.letters:
        demo.say(f"    文书《{letter.title}》")


def rights_move(demo: Demo) -> None:
    """A transfer of rights between two offices in one database."""
    demo.say("二、失业保险关系转迁")
    mover = demo.person(PEOPLE["qin"].id_number, PEOPLE["qin"].name)
    if _has_moved(demo, mover):
        demo.say("  演示人员的关系已经转走，此处从略")
        return
    case_id = demo.opened(transfers.ask(demo.office, mover, from_region="371500", to_region="371400"))
    demo.does(demo.staff("youshouli"), case_id, "accept_transfer", accept_opinion="accept")
    other = _waiting(demo, "review_transfer")
    demo.does(demo.staff("zhaofuhe"), other, "review_transfer", review_opinion="agree")
    demo.does(demo.staff("sunshenpi"), other, "approve_transfer", approval="approve")
    pay(demo)
    _show_case(demo, mover, other)
    with demo.office.store.reading() as session:
        fee = session.scalars(select(RightsTransfer.fee_fen).where(RightsTransfer.case_id == case_id)).one()
    demo.does(
        demo.staff("luokuaiji"),
        case_id,
        "confirm_arrival",
        arrival="arrived",
        arrived_fen=Money(fee).text,
        arrived_on=demo.office.today.isoformat(),
        arrival_reference=f"DZ-{case_id:06d}",
    )
    _show_case(demo, mover, case_id)


def _has_moved(demo: Demo, mover: Actor) -> bool:
    with demo.office.store.reading() as session:
        query = select(RightsTransfer.id).where(
            RightsTransfer.person_id == mover.id, RightsTransfer.status.not_in(("refused", "withdrawn"))
        )
        return session.scalars(query.limit(1)).one_or_none() is not None


def refund_is_paid(demo: Demo) -> None:
    """A refund that the employer did not apply for: screened, pushed, confirmed, checked, noticed, paid."""
    demo.say("三、稳岗返还")
    employer = _employer(demo)
    if employer is None:
        demo.say("  演示单位都已办过本年度稳岗返还，此处从略")
        return
    case_id = demo.opened(
        refund_acts.start_refund(demo.office, demo.staff("wangshouli"), employer_id=employer.id, year=2025)
    )
    demo.does(
        employer,
        case_id,
        "confirm_refund",
        answer="confirm",
        use_of_funds="retraining",
        commitment="true",
    )
    demo.does(
        demo.staff("wangshouli"),
        case_id,
        "first_check",
        first_opinion="pass",
        first_note="比对结果与登记一致",
    )
    demo.does(demo.staff("zhaofuhe"), case_id, "second_check", review_opinion="agree")
    demo.say("  公示期……")
    demo.clock.forward(days=12)
    demo.sweep()
    demo.does(
        demo.staff("sunshenpi"),
        case_id,
        "approve_refund",
        approval="approve",
        notice_objections="公示期内无异议",
    )
    pay(demo)
    _show_case(demo, employer, case_id)


def finding_is_closed(demo: Demo) -> None:
    """A finding whose plan is late: reminder, circular, plan, evidence, verified by another."""
    demo.say("四、整改")
    today = demo.clock().astimezone(CHINA).date()
    case_id = demo.opened(
        checklists.issue_item(
            demo.office,
            demo.staff("handudao"),
            topic="三个全面取消",
            region="371500",
            plan_due=today + timedelta(days=5),
            done_due=today + timedelta(days=30),
        )
    )
    demo.clock.forward(days=4)
    demo.sweep()
    demo.clock.forward(days=3)
    demo.sweep()
    demo.say("  方案期限已过 → 提醒、通报已自动发出")
    done_due = (today + timedelta(days=30)).isoformat()
    demo.does(
        demo.staff("jiangzhenggai"),
        case_id,
        "submit_plan",
        problem_kind="half_done",
        problem="个别窗口仍有手工报盘",
        measures="停用手工报盘，全部走社银接口",
        responsible="蒋正凯",
        done_due=done_due,
    )
    demo.does(demo.staff("handudao"), case_id, "accept_plan", plan_opinion="accept", plan_due=done_due)
    demo.does(
        demo.staff("jiangzhenggai"),
        case_id,
        "report_done",
        report_kind="finished",
        evidence="已停用，连续两月无手工报盘",
        done_on=demo.clock().astimezone(CHINA).date().isoformat(),
    )
    demo.does(
        demo.staff("yangheyan"),
        case_id,
        "verify_done",
        verify_opinion="done",
        done_due=done_due,
        verify_note="现场核实，属实",
    )
    _show_case(demo, demo.staff("handudao"), case_id)


def books_and_trail(demo: Demo) -> bool:
    """The trial balance and the check of the trail, printed; whether both are right."""
    with demo.office.store.transaction() as session:
        seal(session, now=demo.clock())
    with demo.office.store.reading() as session:
        rows = trial_balance(session)
        verdict: Verdict = verify_database(session)
    for row in rows:
        if row.debit.fen or row.credit.fen:
            demo.say(f"  {row.account} {row.name:<14} 借 {row.debit.text:>14}  贷 {row.credit.text:>14}")
    debit, credit = sum(row.debit.fen for row in rows), sum(row.credit.fen for row in rows)
    demo.say(f"  合计 借 {debit / 100:.2f}  贷 {credit / 100:.2f}  {'平衡' if debit == credit else '不平！'}")
    demo.say(f"  审计痕迹 {verdict.text}")
    return debit == credit and debit > 0 and verdict.ok


def _waiting(demo: Demo, element: str) -> int:
    with demo.office.store.reading() as session:
        return session.scalars(
            select(WorkflowTask.case_id).where(
                WorkflowTask.element_id == element, WorkflowTask.status == "ready"
            )
        ).one()
