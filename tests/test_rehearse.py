"""Rehearsals: shipped tests pass, a broken diagram fails them in a sentence, and nothing ever remains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
from builders import Case, a_claim
from offices import FixedClock, settings_for
from sqlalchemy import text

from engine.cases import setup, staff
from engine.cases.office import Office, open_office
from engine.cases.rehearse import CaseReport, Rehearsed, files_beside, rehearse, run_tests
from engine.cases.replay import Replayed, replay_history
from engine.cases.stage import PRACTICE_REGION
from engine.store.db import Base
from engine.store.declaration import DeclarationError
from engine.values import SYSTEM, Actor, Refusal
from engine.workflow.rehearsal import Do, Rehearsal, read_tests

PROCESSES = Path(__file__).parent.parent / "processes"
SHIPPED = sorted(path.name for path in PROCESSES.glob("*.tests.yaml"))
PASSWORD = "changling-test"
CONFIRMED = '{answer: confirm, phone: "13800138000", wants_work: true, commitment: true}'


@pytest.fixture(scope="module")
def office(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A seeded office with staff, whose own clock stands on another day than any rehearsal."""
    clock = FixedClock("2025-11-20T09:00+08:00")
    opened = open_office(settings_for(database_url, tmp_path_factory.mktemp("office")), clock=clock)
    setup.set_up(opened)
    setup.seed(opened, people=5, employers=1, seed=1, day=date(2025, 11, 3), password=PASSWORD)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """The shipped library."""
    return files_beside(PROCESSES / "claim.bpmn")


def script(steps: str, *, expect: str = "{}", head: str = "person: li") -> Rehearsal:
    """One case with those steps."""
    lines = f"- name: 一例\n  {head}\n  day: 2025-11-03\n  steps:\n{steps}\n  expect: {expect}\n"
    return read_tests(lines.encode())[0]


def played(office: Office, files: dict[str, bytes], case: Rehearsal) -> Rehearsed:
    """The rehearsal, which must not be refused."""
    outcome = rehearse(office, SYSTEM, files, case)
    assert isinstance(outcome, Rehearsed), outcome
    return outcome


def tables(office: Office) -> dict[str, int]:
    """How many rows every table has."""
    with office.store.reading() as session:
        return {
            name: session.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()
            for name in Base.metadata.tables
        }


def told(reports: tuple[CaseReport, ...]) -> list[str]:
    """The differences that were found."""
    return [report.text for report in reports if not report.passed]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_case_comes_as_its_author_expects_and_leaves_nothing(
    office: Office, files: dict[str, bytes], name: str
) -> None:
    before = tables(office)

    reports = run_tests(office, files, only=name)

    assert told(reports) == []
    assert len(reports) >= (12 if name == "claim.tests.yaml" else 3)
    assert tables(office) == before


def test_a_diagram_that_leads_another_way_fails_its_case_with_the_first_difference(
    office: Office, files: dict[str, bytes]
) -> None:
    broken = files["claim.bpmn"].replace(
        b'second_review_needed" default="one_review_enough"', b'second_review_needed"'
    )
    broken = broken.replace(b"${second_review == true}", b"${second_review == false}")
    assert broken != files["claim.bpmn"]

    failed = [
        report
        for report in run_tests(office, {**files, "claim.bpmn": broken}, only="claim.tests.yaml")
        if not report.passed
    ]

    assert {report.name for report in failed} >= {
        "合同期满、材料齐全，一路办到核定发放",
        "社保卡户主是他人，须二次复核",
    }
    first = failed[0]
    assert "环节“approve_claim”不在待办；此时待办：second_review_claim" in first.difference
    assert first.text.startswith(f"✗ claim.tests.yaml:{first.line}: ")


@pytest.mark.parametrize(
    ("expect", "sentence"),
    [
        ("{ended_in: claim_granted}", "应当结束于 claim_granted，实际停在 confirm_form"),
        ("{open: [check_intake]}", "此时待办应当是 check_intake，实际是 confirm_form"),
        ("{open: []}", "此时待办应当是 没有，实际是 confirm_form"),
        ("{path: [gather_facts, claim]}", "路径应当依次经过 claim"),
        ("{visited: [create_grant]}", "应当经过 create_grant，实际没有"),
        ("{not_visited: [gather_facts]}", "不应经过 gather_facts，实际经过了"),
        ("{data: {months_paid: 61}}", "数据 months_paid 应当是 61，实际是 62"),
        ("{data: {nothing: 1}}", "数据 nothing 应当是 1，实际没有"),
        ("{letters: [grant-notice]}", "应当发出文书 grant-notice，实际发出 没有"),
        ("{refused: no_post}", "应当有一步因 no_post 被拒绝，实际没有被拒绝"),
        ("{due: {confirm_form: 2025-11-04}}", "环节 confirm_form 的期限应当是 2025-11-04"),
    ],
)
def test_every_kind_of_expectation_can_fail(
    office: Office, files: dict[str, bytes], expect: str, sentence: str
) -> None:
    tests = f"- name: 一例\n  person: li\n  day: 2025-11-03\n  expect: {expect}\n".encode()

    (report,) = run_tests(office, {**files, "claim.tests.yaml": tests}, only="claim.tests.yaml")

    assert sentence in report.difference


def test_a_refusal_that_nobody_expected_fails_the_case(office: Office, files: dict[str, bytes]) -> None:
    tests = (
        "- name: 一例\n  person: li\n  day: 2025-11-03\n  steps:\n"
        "    - do: confirm_form\n      with: {answer: confirm}\n"
    ).encode()

    (report,) = run_tests(office, {**files, "claim.tests.yaml": tests}, only="claim.tests.yaml")

    assert report.difference.startswith("第5行：“confirm_form”被拒绝：")


def test_an_analyst_sees_who_would_get_the_task_until_when_and_where_the_tokens_stand(
    office: Office, files: dict[str, bytes]
) -> None:
    case = script(f"    - do: confirm_form\n      with: {CONFIRMED}")

    outcome = rehearse(office, _staff(office, "chuliucheng"), files, case)

    assert isinstance(outcome, Rehearsed)
    (task,) = outcome.open
    assert (task.element, task.duty_name, task.holders) == ("check_intake", "受理岗", ("王守礼",))
    assert task.due_at is not None
    assert outcome.marks["confirm_form"] == "done"
    assert outcome.marks["check_intake"] == "current"
    assert outcome.marks["intake_overdue"] == "current"
    assert [(step.element, step.kind, step.who) for step in outcome.steps] == [
        ("claim", "started", "李国强"),
        ("gather_facts", "operation", "系统"),
        ("confirm_form", "completed", "李国强"),
    ]
    assert "confirm_form" in outcome.steps[1].waiting


def test_timers_fire_in_the_order_in_which_they_are_due(office: Office, files: dict[str, bytes]) -> None:
    steps = (
        f"    - do: confirm_form\n      with: {CONFIRMED}\n"
        "    - do: check_intake\n      with: {intake_opinion: pass}\n    - wait: {days: 30}"
    )

    outcome = played(office, files, script(steps))

    fired = [(step.element, step.at) for step in outcome.steps if step.kind == "passed"]
    assert [element for element, _ in fired] == ["remind_reviewer_due", "escalate_review_due"]
    assert fired[0][1] < fired[1][1] < outcome.steps[-1].at.replace(year=2026)
    assert [at for _, at in fired] == sorted(at for _, at in fired)


def test_only_an_analyst_rehearses(office: Office, files: dict[str, bytes]) -> None:
    outcome = rehearse(office, _staff(office, "wangshouli"), files, script("    - wait: {days: 1}"))

    assert isinstance(outcome, Refusal)
    assert outcome.reasons[0].code == "not_analyst"


def test_a_new_process_that_an_analyst_drew_is_rehearsed_before_anybody_publishes_it(
    office: Office, files: dict[str, bytes]
) -> None:
    drawn = files["payment-run.bpmn"].replace(b'id="payment_run"', b'id="extra_run"')
    drawn = drawn.replace(b'processRef="payment_run"', b'processRef="extra_run"')
    case = script(
        "    - wait: {days: 1}",
        head='process: extra_run\n  data: {region: "371590", month: 2025-11}',
    )

    outcome = played(office, {**files, "extra-run.bpmn": drawn}, case)

    assert outcome.problems == ()
    assert outcome.ended_in == "nothing_due"


def test_a_payment_run_that_names_no_region_meets_no_order_of_the_office(
    office: Office, files: dict[str, bytes]
) -> None:
    case = script("    - wait: {days: 1}", head="process: payment_run\n  data: {month: 2025-11}")

    outcome = played(office, files, case)

    assert (outcome.problems, outcome.data["region"]) == ((), PRACTICE_REGION)


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        ("person: nobody", "没有示例人员“nobody”，可用：li、"),
        ("person: li\n  facts: {months: 3}", "不认识的事实“months”，可用："),
        ("person: li\n  facts: {months_paid: 六}", "事实“months_paid”应当是整数，现在是“六”"),
        ("person: li\n  facts: {exit_day: 昨天}", "事实“exit_day”应当是日期"),
        ("person: li\n  facts: {sex: x}", "第1行：事实“sex”只能是male、female，现在是“x”"),
        ("person: li\n  facts: {retirement_class: M61}", "第1行：事实“retirement_class”只能是"),
        ("person: li\n  facts: {region: '999999'}", "第1行：事实“region”的地区“999999”不在地区表里"),
        ("person: li\n  employer: guangyue", "只能写 person 或 employer 其中一项"),
        ("person: li\n  process: no_such", "流程“no_such”还没有发布任何版本"),
        ("process: transfer_in\n  person: qin", "data 缺少 from_region"),
        ("process: stable_jobs\n  person: li", "稳岗返还须写 employer"),
    ],
)
def test_what_cannot_be_rehearsed_is_said_in_words(
    office: Office, files: dict[str, bytes], head: str, sentence: str
) -> None:
    outcome = played(office, files, script("    - wait: {days: 1}", head=head))

    assert sentence in outcome.problems[0]


def test_a_file_that_cannot_be_read_is_named(office: Office, files: dict[str, bytes]) -> None:
    outcome = rehearse(office, SYSTEM, {**files, "claim.bpmn": b"<bpmn"}, script("    - wait: {days: 1}"))

    assert isinstance(outcome, Refusal)
    assert "claim.bpmn" in outcome.text


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        (b"", 1, "案例的列表"),
        (b"\xff\xfe", 1, "UTF-8"),
        (b"name: x", 1, "案例的列表"),
        (b"- name: [", 1, "YAML"),
        (b"- name: a\n  day: 2025-13-01\n", 2, "日期"),
        (b"- name: a\n  day: 2025-11-03\n  steps:\n    - jump: b\n", 4, "do、wait、message、start、answer"),
        (b"- name: a\n  day: 2025-11-03\n  steps:\n    - do: x\n      wiht: {}\n", 5, "wiht"),
        (b"- name: a\n  day: 2025-11-03\n  steps:\n    - wait: {days: -1}\n", 4, "1 至 4000"),
        (
            b"- name: a\n  day: 2025-11-03\n  steps:\n    - wait: {days: 1, until: 2025-11-05}\n",
            4,
            "其中一项",
        ),
        (b"- name: a\n  day: 2025-11-03\n- name: a\n  day: 2025-11-03\n", 3, "写了两次"),
        (b"- name: a\n  day: 2025-11-03\n  data: {x: 1, x: 2}\n", 3, "写了两次"),
        (b"- &a\n  name: a\n  day: 2025-11-03\n- *a\n", 4, "引用"),
        (b"- name: " + b"[" * 100_000, 1, ""),
        (b"- name: a\n" + b"#" * 2_000_000, 1, "超过"),
    ],
)
def test_a_tests_file_that_means_nothing_is_refused_with_its_line(
    content: bytes, line: int, sentence: str
) -> None:
    with pytest.raises(DeclarationError) as told_off:
        read_tests(content, file="x.tests.yaml")

    assert told_off.value.line == line
    assert sentence in str(told_off.value)
    assert str(told_off.value).startswith(f"x.tests.yaml:{line}: ")


def test_values_are_kept_as_a_form_would_send_them() -> None:
    case = script(
        '    - do: x\n      with: {a: 60, b: "60", c: true, d: 2025-12-05, e: 1.50, f: [x, y], g: }'
    )

    (step,) = case.steps
    assert isinstance(step, Do)
    assert step.fields == {
        "a": 60, "b": "60", "c": True, "d": "2025-12-05", "e": "1.50", "f": ("x", "y"), "g": None,
    }  # fmt: skip


@pytest.fixture(scope="module")
def ended(office: Office) -> Mapping[str, Case]:
    """Real cases that have ended: granted, refused, withdrawn, returned and granted, twice reviewed, and lapsed."""
    granted = a_claim(office, "li").goes_on()
    returned = a_claim(office, "zheng").goes_on(until="review_claim")
    returned.answers("review_claim", review_opinion="return", review_note="请重新核对账户").goes_on()
    withdrawn = a_claim(office, "wu").goes_on(until="review_claim")
    withdrawn.withdraw()
    return {
        "granted": granted,
        "refused": a_claim(office, "ana").goes_on(),
        "returned": returned,
        "withdrawn": withdrawn.sweep(),
        "second": a_claim(office, "lin").goes_on(),
        "evidence": a_claim(office, "chen").goes_on(),
    }


def replayed(office: Office, files: dict[str, bytes]) -> dict[str, Replayed]:
    """Each ended claim of the office on the files, by case number."""
    found = replay_history(office, SYSTEM, "claim", files)
    assert not isinstance(found, Refusal), found
    return {each.case_key: each for each in found}


def test_old_cases_go_the_same_way_on_the_diagram_that_they_ran_on(
    office: Office, files: dict[str, bytes], ended: Mapping[str, Case]
) -> None:
    before = tables(office)

    found = replayed(office, files)

    assert {name: found[case.key].text for name, case in ended.items()} == {
        name: f"{case.key}：路径与结果相同" for name, case in ended.items()
    }
    assert tables(office) == before


def test_a_draft_tells_for_each_old_case_what_would_have_differed_and_where(
    office: Office, files: dict[str, bytes], ended: Mapping[str, Case]
) -> None:
    draft = files["claim.bpmn"].replace(b"${second_review == true}", b"${second_review == false}")

    found = replayed(office, {**files, "claim.bpmn": draft})

    granted, second = found[ended["granted"].key], found[ended["second"].key]
    assert granted.verdict == "differs"
    assert (granted.element, granted.before) == ("approve_claim", "“审批”已办结")
    assert granted.after == "不在待办，此时待办：二次复核"
    assert (second.verdict, second.element) == ("differs", "second_review_claim")
    assert found[ended["withdrawn"].key].verdict == "same"


def test_a_lane_given_to_another_duty_shows_who_would_have_been_refused(
    office: Office, files: dict[str, bytes], ended: Mapping[str, Case]
) -> None:
    draft = files["claim.bpmn"].replace('name="受理岗"'.encode(), 'name="会计岗"'.encode())

    found = replayed(office, {**files, "claim.bpmn": draft})[ended["granted"].key]

    assert (found.verdict, found.element) == ("differs", "check_intake")
    assert found.after.startswith("被拒绝：当日未担任会计岗")


def test_a_decision_that_answers_otherwise_is_a_difference(
    office: Office, files: dict[str, bytes], ended: Mapping[str, Case]
) -> None:
    name = "decisions/claim-route.dmn"
    draft = files[name].replace("正常办理".encode(), "照常办理".encode())
    assert draft != files[name]

    found = replayed(office, {**files, name: draft})[ended["granted"].key]

    assert found.text.endswith("choose_route：route_note=正常办理 → route_note=照常办理")


def test_a_rehearsal_gives_way_to_real_work_and_says_so(
    office: Office, files: dict[str, bytes], ended: Mapping[str, Case]
) -> None:
    steps = "".join(
        f"    - do: {element}\n      with: {fields}\n"
        for element, fields in (
            ("confirm_form", CONFIRMED),
            ("check_intake", "{intake_opinion: pass}"),
            ("review_claim", "{review_opinion: agree}"),
            ("approve_claim", "{approval: approve}"),
        )
    )
    with office.store.transaction() as working:
        held = working.execute(
            text("SELECT stream FROM audit_stream WHERE stream ~ '^(payments|ledger)' FOR UPDATE")
        )
        assert held.all()

        outcome = played(office, files, script(steps))

    assert "lock timeout" in outcome.problems[0]
    assert played(office, files, script(steps)).ended_in == "claim_granted"


def test_a_process_without_ended_cases_has_nothing_to_replay(office: Office, files: dict[str, bytes]) -> None:
    assert replay_history(office, SYSTEM, "rectification", files) == ()


def _staff(office: Office, login: str) -> Actor:
    actor = staff.sign_in(office, login=login, password=PASSWORD)
    assert isinstance(actor, Actor)
    return actor
