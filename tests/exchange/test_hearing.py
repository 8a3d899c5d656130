"""What came is told to the case that it is for: in order, once, and never for another's rights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from builders import Case, a_transfer, actor, refused
from sqlalchemy import select, update
from two_offices import DEZHOU, JINAN, LIAOCHENG, Pair, a_letter, faults, messages

from engine.cases import correspondence
from engine.cases.office import Office
from engine.exchange.bodies import KINDS
from engine.exchange.tables import ExchangeMessage
from engine.people import Person, find_person
from engine.registers.cast import PEOPLE
from engine.registers.memory import registers_of
from engine.registers.province import Province
from engine.store.audit import AuditEvent
from engine.store.outbox import MAX_ATTEMPTS, OutboxMessage
from engine.tasks.tables import RightsTransfer
from engine.values import SYSTEM
from engine.workflow.tables import WorkflowCase

TRANSFER = "ZY-371400-ZR-2025-000001"
INFO = {"months_paid": 26, "months_left": 12, "carried_months": 0, "fee_fen": 100, "relation_only": False}


#: a number that is right and that no register of these offices has
_ELSEWHERE = Province.generate(seed=9, people=40, employers=2, day=date(2025, 11, 3)).residents.values()
_STRANGER = next(file for file in _ELSEWHERE if file.traits == {"unemployed"})
NOBODY = {"id_number": _STRANGER.population.id_number, "name": _STRANGER.population.name}


def asked(pair: Pair, person: str = "qin") -> Case:
    """A transfer asked for in Dezhou and accepted there: its letter waits to be posted."""
    return a_transfer(pair.dezhou, person, source=LIAOCHENG, to=DEZHOU).answers("accept_transfer")


def asked_alone(pair: Pair) -> Case:
    """The same, and nothing gets through: what the test brings is all that comes."""
    pair.line.cut = True
    return asked(pair)


def took(office: Office, raw: bytes) -> None:
    correspondence.receive(office, raw)


def outcomes(office: Office) -> list[tuple[str, str]]:
    return [(each.kind, each.outcome) for each in messages(office, "in")]


def cases(office: Office) -> list[WorkflowCase]:
    with office.store.reading() as session:
        return list(session.scalars(select(WorkflowCase).order_by(WorkflowCase.id)))


def transfer_at(office: Office) -> RightsTransfer:
    with office.store.reading() as session:
        return session.scalars(select(RightsTransfer)).one()


def number_of(pair: Pair) -> str:
    return transfer_at(pair.dezhou).transfer_number


def a_reply(
    folder: Path, pair: Pair, *, kind: str = "transfer_info", sender: str = LIAOCHENG, **said: Any
) -> bytes:
    """A letter to Dezhou about the transfer that was asked for there."""
    head = {name: said.pop(name) for name in ("number", "step") if name in said}
    return a_letter(
        folder, sender=sender, receiver=DEZHOU, kind=kind, transfer_number=number_of(pair), **head, **said
    )


@pytest.mark.req("TRANS-01", "TRANS-04")
def test_a_transfer_between_two_databases_goes_from_the_letter_to_credited_months(pair: Pair) -> None:
    case = asked(pair)

    pair.sweep()
    pair.out_case().answers("review_transfer").answers("approve_transfer")
    pair.sweep()

    out, into = transfer_at(pair.liaocheng), transfer_at(pair.dezhou)
    assert (out.peer, into.peer) == (DEZHOU, LIAOCHENG)
    assert (out.side, into.side) == ("out", "in")
    assert out.months_paid == into.months_paid > 0
    assert out.fee_fen == into.fee_fen == 4_090_500
    assert "credit_months" in case.history()
    assert outcomes(pair.liaocheng)[0] == ("contact_letter", "heard")
    assert outcomes(pair.dezhou)[0] == ("transfer_info", "heard")
    assert not faults(pair.liaocheng) + faults(pair.dezhou)


@pytest.mark.req("TRANS-01", "TRANS-04")
def test_a_person_travels_by_number_and_name_and_is_taken_on_at_the_other_end(pair: Pair) -> None:
    case = asked(pair)

    pair.sweep()

    mine, theirs = transfer_at(pair.dezhou).person_id, transfer_at(pair.liaocheng).person_id
    with pair.liaocheng.store.reading() as session:
        assert find_person(session, pair.liaocheng.vault, PEOPLE["qin"].id_number) == theirs
        assert session.get_one(Person, theirs).name == PEOPLE["qin"].name
    assert case.office is pair.dezhou
    assert pair.out_case().told()[0].outcome.count(PEOPLE["qin"].id_number) == 0
    assert mine


@pytest.mark.req("TRANS-04")
def test_a_refusal_reaches_the_person_at_the_other_office_with_its_reason(pair: Pair) -> None:
    case = asked(pair)
    pair.sweep()
    out = pair.out_case().answers("review_transfer", review_opinion="refuse", review_note="待遇未结清")

    out.answers("approve_transfer", approval="refuse", refusal_reason="尚有未结清的待遇")
    pair.sweep()

    assert case.ended_in == "transfer_declined"
    assert "尚有未结清的待遇" in case.letter("transfer-refused")


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize("way", ["cut", "deaf"])
def test_a_letter_is_sent_again_until_its_answer_is_here_and_heard_once(pair: Pair, way: str) -> None:
    asked(pair)
    setattr(pair.line, way, True)
    pair.sweep()
    pair.wait()
    (sent,) = messages(pair.dezhou, "out")
    assert sent.acked_at is None

    setattr(pair.line, way, False)
    pair.wait()

    (sent,) = messages(pair.dezhou, "out")
    assert sent.ack_state == ("taken" if way == "cut" else "repeated")
    assert (
        len({raw for _, raw in pair.line.carried if b'"contact_letter","number":1,"receiver"' in raw}) == 1
    ), "the same bytes each time"
    assert len(cases(pair.liaocheng)) == 1


@pytest.mark.req("TRANS-04")
def test_a_letter_waits_for_an_office_that_is_long_out_of_reach_and_goes_at_once_when_somebody_asks(
    pair: Pair,
) -> None:
    asked(pair)
    pair.line.cut = True
    for _ in range(MAX_ATTEMPTS + 2):
        pair.wait(minutes=60 * 7)
    (sent,) = messages(pair.dezhou, "out")
    assert sent.acked_at is None
    with pair.dezhou.store.reading() as session:
        assert correspondence.dead_messages(session, [sent.id]) == set(), "nothing is wrong with it"

    pair.line.cut = False
    assert refused(correspondence.resend(pair.dezhou, actor(pair.dezhou, "youshouli"), sent.id)) == (
        "not_operator",
    )
    operator = actor(pair.dezhou, "qinguanli")
    correspondence.resend(pair.dezhou, operator, sent.id)
    pair.sweep()

    (sent,) = messages(pair.dezhou, "out")
    assert sent.ack_state == "taken"
    with pair.dezhou.store.reading() as session:
        told = session.scalars(select(AuditEvent.actor).where(AuditEvent.action == "EXCHANGE_RESENT")).all()
    assert told == [operator.key]
    assert refused(correspondence.resend(pair.dezhou, SYSTEM, sent.id)) == ("already_taken",)


@pytest.mark.req("TRANS-04")
def test_a_process_that_dies_after_storing_and_before_answering_changes_nothing(pair: Pair) -> None:
    """What was stored is heard; the sender, who got no answer, is told that it was taken before."""
    asked(pair)
    pair.line.deaf = True
    pair.sweep()
    assert outcomes(pair.liaocheng) == [("contact_letter", "heard")]

    pair.line.deaf = False
    pair.wait()

    assert [each.ack_state for each in messages(pair.dezhou, "out")] == ["repeated"]
    assert outcomes(pair.liaocheng) == [("contact_letter", "heard")]


@pytest.mark.req("TRANS-04")
def test_what_overtakes_is_stored_and_heard_after_what_it_overtook(pair: Pair, folder: Path) -> None:
    case = asked_alone(pair)
    pair.sweep()
    took(
        pair.dezhou,
        a_reply(folder, pair, number=2, step=2, kind="transfer_money", fee_fen=100, paid_on="2025-11-03"),
    )
    pair.sweep()
    assert outcomes(pair.dezhou) == [("transfer_money", "")]

    took(pair.dezhou, a_reply(folder, pair, number=1, step=1, **INFO))
    pair.sweep()

    assert outcomes(pair.dezhou) == [("transfer_info", "heard"), ("transfer_money", "heard")]
    assert case.history().index("info_received") < case.history().index("receive_transfer_money")


@pytest.mark.req("TRANS-04")
def test_a_withdrawal_that_overtakes_its_letter_is_not_mistaken_for_one_about_nothing(
    pair: Pair, folder: Path
) -> None:
    took(
        pair.liaocheng,
        a_letter(folder, number=2, step=2, kind="transfer_withdrawn", withdrawal_reason="不转了"),
    )
    pair.sweep()
    assert outcomes(pair.liaocheng) == [("transfer_withdrawn", "")]

    took(pair.liaocheng, a_letter(folder))
    pair.sweep()

    assert outcomes(pair.liaocheng) == [("contact_letter", "heard"), ("transfer_withdrawn", "heard")]
    assert transfer_at(pair.liaocheng).status == "withdrawn"


@pytest.mark.req("TRANS-04")
def test_a_paused_case_hears_when_it_goes_on(pair: Pair, folder: Path) -> None:
    case = asked_alone(pair)
    with pair.dezhou.store.transaction() as session:
        session.execute(update(WorkflowCase).values(paused_at=pair.clock()))
    took(pair.dezhou, a_reply(folder, pair, **INFO))
    pair.wait()
    pair.wait()
    assert outcomes(pair.dezhou) == [("transfer_info", "")]

    with pair.dezhou.store.transaction() as session:
        session.execute(update(WorkflowCase).values(paused_at=None))
    pair.wait()

    assert outcomes(pair.dezhou) == [("transfer_info", "heard")]
    assert "credit_months" in case.history()


@pytest.mark.req("TRANS-04")
def test_what_no_case_can_hear_any_more_is_kept_as_contradicted_and_not_tried_for_ever(
    pair: Pair, folder: Path
) -> None:
    case = asked_alone(pair)
    took(pair.dezhou, a_reply(folder, pair, kind="transfer_refused", refusal_reason="没有缴费记录"))
    pair.sweep()
    assert case.status == "completed"

    took(pair.dezhou, a_reply(folder, pair, number=2, step=2, **INFO))
    pair.sweep()

    assert outcomes(pair.dezhou) == [("transfer_refused", "heard"), ("transfer_info", "contradicted")]
    (fault,) = faults(pair.dezhou)
    assert "已办结" in fault.text
    with pair.dezhou.store.reading() as session:
        waiting = select(OutboxMessage.id).where(
            OutboxMessage.sent_at.is_(None), OutboxMessage.kind == "exchange_in"
        )
        assert session.scalars(waiting).all() == []
    assert transfer_at(pair.dezhou).months_paid == 0


@pytest.mark.req("TRANS-04")
def test_a_second_sheet_while_the_case_runs_waits_and_credits_nothing(pair: Pair, folder: Path) -> None:
    case = asked_alone(pair)
    took(pair.dezhou, a_reply(folder, pair, **INFO))
    took(pair.dezhou, a_reply(folder, pair, number=2, step=2, **{**INFO, "months_paid": 240}))
    pair.sweep()
    pair.wait()

    assert outcomes(pair.dezhou) == [("transfer_info", "heard"), ("transfer_info", "")]
    assert transfer_at(pair.dezhou).months_paid == 26
    assert case.history().count("credit_months") == 1


# --- a peer speaks for itself only -----------------------------------------------------------------


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"to_region": "370100"}, "不经办地区 370100"),
        ({"to_region": LIAOCHENG}, "不经办地区 371500"),
        ({"from_region": "370100"}, "本机构不经办地区 370100"),
        ({"from_region": "371400"}, "本机构不经办地区 371400"),
        ({"from_region": "371599"}, "本机构不经办地区 371599"),
        ({"to_region": "371499"}, "没有地区 371499"),
        ({"person": {"id_number": "371502198503124016", "name": "某人"}}, "公民身份号码不合规定"),
        ({"person": NOBODY}, "人口库中没有"),
        ({"person": {"id_number": PEOPLE["qin"].id_number, "name": "李四"}}, "姓名与登记的不一致"),
        ({"person": {"id_number": 5, "name": "李四"}}, "person 应当是"),
        ({"person": None}, "缺少 person"),
        ({"approval": "approve"}, "有1项没有约定的内容"),
        ({"person_id": 1}, "有1项没有约定的内容"),
        ({"employed": "yes"}, "employed 应当是是或否"),
    ],
)
def test_a_letter_that_its_sender_may_not_write_opens_no_case(
    pair: Pair, folder: Path, changed: Mapping[str, Any], said: str
) -> None:
    took(pair.liaocheng, a_letter(folder, **changed))
    pair.sweep()

    (kept,) = messages(pair.liaocheng, "in")
    assert kept.outcome == "contradicted"
    assert said in kept.outcome_text
    assert PEOPLE["qin"].id_number not in kept.outcome_text
    assert cases(pair.liaocheng) == []


@pytest.mark.req("TRANS-04")
def test_a_third_office_cannot_speak_in_a_transfer_of_two_others(pair: Pair, folder: Path) -> None:
    """Neither end of it, whatever it says, even before the true answer comes."""
    case = asked(pair)
    for place, (kind, said) in enumerate(
        [("transfer_info", INFO), ("transfer_refused", {"refusal_reason": "x"}), ("transfer_withdrawn", {})],
        start=1,
    ):
        took(pair.dezhou, a_reply(folder, pair, sender=JINAN, number=place, step=place, kind=kind, **said))
    pair.sweep()

    assert {outcome for _, outcome in outcomes(pair.dezhou)} == {"contradicted"}
    assert transfer_at(pair.dezhou).status == "open"
    assert "credit_months" not in case.history()
    pair.out_case().answers("review_transfer").answers("approve_transfer")
    pair.sweep()
    assert transfer_at(pair.dezhou).months_paid > 0


@pytest.mark.req("TRANS-04")
def test_a_number_in_use_with_one_office_is_not_taken_by_another(pair: Pair, folder: Path) -> None:
    asked(pair)
    pair.sweep()
    stolen = a_letter(
        folder, sender=JINAN, transfer_number=number_of(pair), to_region=JINAN,
        person={"id_number": PEOPLE["wu"].id_number, "name": PEOPLE["wu"].name},
    )  # fmt: skip

    took(pair.liaocheng, stolen)
    pair.sweep()

    (theirs,) = [each for each in messages(pair.liaocheng, "in") if each.peer == JINAN]
    assert theirs.outcome == "contradicted"
    assert len(cases(pair.liaocheng)) == 1


@pytest.mark.req("TRANS-04")
def test_a_number_that_was_only_claimed_is_still_free_for_whose_it_is(pair: Pair, folder: Path) -> None:
    """A third office that sends nonsense under a number it guessed keeps nobody from using it."""
    took(pair.liaocheng, a_letter(folder, sender=JINAN, to_region=DEZHOU))
    pair.sweep()

    took(pair.liaocheng, a_letter(folder))
    pair.sweep()

    assert [(each.peer, each.outcome) for each in messages(pair.liaocheng, "in")] == [
        (JINAN, "contradicted"),
        (DEZHOU, "heard"),
    ]


@pytest.mark.req("TRANS-04")
def test_the_ends_of_a_transfer_cannot_speak_for_one_another(pair: Pair, folder: Path) -> None:
    """The receiving office sends no information sheet about its own transfer, nor a second letter about other rights."""
    took(pair.liaocheng, a_letter(folder))
    for place, (kind, said) in enumerate(
        [
            ("transfer_info", INFO),
            ("transfer_money", {"fee_fen": 5}),
            ("contact_letter", {"person": {"id_number": PEOPLE["wu"].id_number, "name": PEOPLE["wu"].name}}),
        ],
        start=2,
    ):
        took(pair.liaocheng, a_letter(folder, number=place, step=place, kind=kind, **said))
    took(pair.liaocheng, a_letter(folder, number=5, step=5))
    pair.sweep()

    assert outcomes(pair.liaocheng) == [
        ("contact_letter", "heard"),
        ("transfer_info", "contradicted"),
        ("transfer_money", "contradicted"),
        ("contact_letter", "contradicted"),
        ("contact_letter", "heard"),
    ]
    assert len(cases(pair.liaocheng)) == 1, "the same letter again opens nothing"


@pytest.mark.req("TRANS-04")
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("transfer_info", {**INFO, "months_paid": -1}),
        ("transfer_info", {**INFO, "months_paid": "26"}),
        ("transfer_info", {**INFO, "months_paid": True}),
        ("transfer_info", {**INFO, "fee_fen": 10**15}),
        ("transfer_info", {**INFO, "relation_only": True}),
        ("transfer_info", {"months_paid": 26}),
        ("transfer_refused", {"refusal_reason": "a\x00b"}),
        ("transfer_refused", {"refusal_reason": ["x"]}),
        ("transfer_refused", {"refusal_reason": "x" * 2001}),
        ("transfer_money", {"fee_fen": None}),
        ("no_such_kind", {}),
    ],
)
def test_words_of_the_wrong_kind_never_reach_a_case(
    pair: Pair, folder: Path, kind: str, said: dict[str, Any]
) -> None:
    case = asked_alone(pair)
    took(pair.dezhou, a_reply(folder, pair, kind=kind, **said))
    pair.sweep()

    (kept,) = messages(pair.dezhou, "in")
    assert (kept.outcome, case.status) == ("contradicted", "running")
    assert kept.outcome_text


@pytest.mark.req("TRANS-04")
def test_a_register_that_is_down_delays_a_letter_and_loses_nothing(pair: Pair, folder: Path) -> None:
    newcomer = Province.generate(seed=9, people=40, employers=2, day=pair.clock().date())
    someone = next(file.population for file in newcomer.residents.values() if file.traits == {"unemployed"})
    person = {"id_number": someone.id_number, "name": someone.name}
    pair.liaocheng._registers = registers_of(newcomer, outages=frozenset({"population"}))
    took(pair.liaocheng, a_letter(folder, person=person))
    pair.sweep()
    assert outcomes(pair.liaocheng) == [("contact_letter", "")]

    pair.liaocheng._registers = registers_of(newcomer)
    pair.wait()

    assert outcomes(pair.liaocheng) == [("contact_letter", "heard")]
    with pair.liaocheng.store.reading() as session:
        known = find_person(session, pair.liaocheng.vault, someone.id_number)
        assert known is not None
        assert session.get_one(Person, known).region_code == LIAOCHENG


@pytest.mark.req("TRANS-04")
def test_a_region_of_no_peer_stays_in_this_database(pair: Pair) -> None:
    """Where this office serves both ends nothing is sent to anybody."""
    a_transfer(pair.dezhou, "qin", source="371600", to=DEZHOU).answers("accept_transfer")
    pair.sweep()

    assert messages(pair.dezhou, "out") == []
    assert len(cases(pair.dezhou)) == 2


def test_every_kind_of_message_is_agreed_upon_by_name() -> None:
    assert all(kind.name and kind.name_en and kind.fields for kind in KINDS.values())
    assert {kind.end for kind in KINDS.values()} == {"in", "out", "both"}
    assert ExchangeMessage.__table__.c.kind.type.length >= max(map(len, KINDS))  # type: ignore[attr-defined]
