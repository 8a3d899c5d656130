"""Every path of ``recheck.bpmn``, and what leads to it: draws by a seed, flags, and who may not judge (CTRL-04)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from builders import Case, a_granted_claim, a_recheck, actor, refused
from paths import assert_nothing_left, every_path
from sqlalchemy import select, text

from engine.cases import risk_room, samples
from engine.cases.office import Office
from engine.cases.views import Done
from engine.oversight.incident_tables import FundIncident
from engine.oversight.risk_tables import RiskFlag
from engine.oversight.sampling_tables import SampleItem
from engine.values import Refusal

ENDS = {"right": "found_right", "correct": "correction_asked", "incident": "incident_raised"}


def drawn(office: Office) -> Case:
    """The re-check of the one claim that ended, drawn with its seed."""
    done = samples.draw_sample(
        office, actor(office, "zhengneikong"), what="process:claim", month="2025-11", seed="07"
    )
    assert isinstance(done, Done), done
    assert samples.open_rechecks(office) == 1
    assert samples.open_rechecks(office) == 0
    return Case(office=office, id=item(office).case_id or 0)


def item(office: Office) -> SampleItem:
    """The only item."""
    with office.store.reading() as session:
        return session.scalars(select(SampleItem)).one()


@pytest.mark.req("CTRL-04", "CTRL-05")
def test_every_path_ends_with_a_verdict(office: Office, afresh: Callable[[], None]) -> None:
    for case, path in every_path(lambda: a_recheck(office), detours=1, afresh=afresh):
        assert case.ended_in in ENDS.values(), str(path)
        assert case.letters().count("recheck-correction") == (case.ended_in == "correction_asked")
        with office.store.reading() as session:
            drafts = session.scalars(select(FundIncident).where(FundIncident.case_id == case.id)).all()
        assert len(drafts) == (case.ended_in == "incident_raised")
        assert_nothing_left(office)


@pytest.mark.req("CTRL-04")
def test_a_draw_can_be_made_again_from_its_seed_and_is_judged_in_its_case(office: Office) -> None:
    claim = a_granted_claim(office)
    case = drawn(office)
    page = samples.draw_page(office, actor(office, "zhengneikong"), item(office).draw_id, again=True)
    assert not isinstance(page, Refusal)
    assert page.again == page.kept == (f"case:{claim.id}",)
    assert page.draw.reasons[0].parameter.startswith("control.sample_ratio")
    twice = samples.draw_sample(office, actor(office, "zhengneikong"), what="process:claim", month="2025-11")
    assert refused(twice) == ("drawn_before",)

    case.does("zhengneikong", "recheck_item", recheck_opinion="right", recheck_note="档案齐全")

    assert (case.ended_in, item(office).status) == ("found_right", "right")


@pytest.mark.req("CTRL-04", "MONEY-02")
def test_who_had_a_hand_in_it_never_judges_it(office: Office) -> None:
    """The reviewer of the claim has moved to internal control since: refused there, and by the database."""
    claim = a_granted_claim(office)
    case = drawn(office)
    controller = actor(office, "zhengneikong")
    with office.store.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(
            text(
                "UPDATE workflow_history SET actor = :who WHERE case_id = :case AND element_id = 'review_claim'"
            ),
            {"who": controller.key, "case": claim.id},
        )

    outcome = case.tries("zhengneikong", "recheck_item", recheck_opinion="right", recheck_note="没有问题")

    assert refused(outcome) == ("own_work",)
    assert item(office).status == "open"
    with pytest.raises(Exception, match="不得复查"), office.store.transaction() as session:
        session.execute(
            text("UPDATE sample_item SET status = 'right', judged_by = :who, judged_at = now()"),
            {"who": controller.key},
        )


@pytest.mark.req("CTRL-04", "CTRL-05")
def test_a_flag_is_re_checked_in_a_case_and_a_true_one_drafts_an_incident(office: Office) -> None:
    a_granted_claim(office)
    controller = actor(office, "zhengneikong")
    with office.store.transaction() as session:
        session.execute(
            text(
                """INSERT INTO card_account (person_index, account, account_index, holder_name, holder_index, bank, activated, as_of)
                    SELECT p.id_number_index, '', '\\x01', '他人', '\\x02', '', true, '2025-11-01'
                      FROM benefit_grant g JOIN person p ON p.id = g.person_id
                    ON CONFLICT (person_index) DO UPDATE
                        SET holder_name = excluded.holder_name, holder_index = excluded.holder_index"""
            )
        )
    assert isinstance(risk_room.screen(office, controller), Done)
    with office.store.reading() as session:
        flag = session.scalars(select(RiskFlag).where(RiskFlag.rule == "holder_not_claimant")).one()

    done = samples.recheck_flag(office, controller, flag.id)
    assert isinstance(done, Done) and done.case_id
    assert refused(samples.recheck_flag(office, controller, flag.id)) == ("too_late",)
    case = Case(office=office, id=done.case_id)
    case.does(
        "zhengneikong",
        "recheck_item",
        recheck_opinion="incident",
        involved_yuan="12000",
        filed="",
        recheck_note="账户属于他人",
    )

    assert case.ended_in == "incident_raised"
    with office.store.reading() as session:
        assert session.get_one(RiskFlag, flag.id).status == "accepted"
        made = session.scalars(select(FundIncident)).one()
        assert (made.level, str(made.due_on)) == ("普通", "2025-11-10")
