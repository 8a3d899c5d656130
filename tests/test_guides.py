"""Service guides are what runs: they change when a change is published, and ask nothing that publishing refuses."""
# ruff: noqa: F401, F811 - fixtures come from where the studio is tested

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from test_studio import (
    author,
    codes,
    office,
    opened,
    published_text,
    ready,
    saved,
    second,
    submitted,
    third,
    untested,
)

from engine.cases import guides, studio
from engine.cases import library as shelf
from engine.cases.guide_checks import guide_problems
from engine.cases.guide_views import Guide, words_in
from engine.cases.library_checks import check_files
from engine.cases.library_tables import LibraryFile
from engine.cases.office import Office
from engine.cases.publishing import publish_diagram
from engine.cases.service_points import ServicePointBook
from engine.cases.studio_views import ChangeView
from engine.values import SYSTEM, Actor, Refusal
from engine.workflow.checks import check_form

DIAGRAM, FORM, LETTER = "claim.bpmn", "forms/claim-confirm.form", "letters/grant-notice.md"
PHONE = "手机号码"


def the_guide(office: Office, matter: str = "claim", region: str = "") -> Guide:
    """The guide; AssertionError where there is none."""
    found = guides.guide(office, matter, region=region)
    assert isinstance(found, Guide), found
    return found


def texts(found: Guide) -> str:
    """Everything that the guide says of its matter."""
    return "\n".join(f"{words.zh}\n{words.en}" for words in words_in(found.body))


def asking(files: Mapping[str, bytes], words: str) -> dict[str, bytes]:
    """The published files with a form that asks for something more."""
    asked = files[FORM].replace(f'"{PHONE}"'.encode(), f'"请提供{words}"'.encode())
    assert asked != files[FORM]
    return {**files, FORM: asked}


def past_the_check(office: Office, files: Mapping[str, bytes], name: str) -> None:
    """Publishes a file and the claim that it belongs to without asking whether it may be."""
    with office.store.transaction() as session:
        number = shelf.newest(session)[name].number + 1
        content, now = files[name], office.clock()
        session.add(
            LibraryFile(
                name=name,
                number=number,
                content=content,
                digest=shelf.digest_of(content),
                author=SYSTEM.key,
                published_by=SYSTEM.key,
                published_at=now,
                change_id=None,
            )
        )
        session.flush()
        publish_diagram(session, office, SYSTEM, files, DIAGRAM, author=SYSTEM.key, note="")


@pytest.mark.req("SERV-01")
def test_a_guide_changes_by_itself_when_a_diagram_is_published(
    office: Office, author: Actor, second: Actor
) -> None:
    before = the_guide(office)
    drawn = published_text(office, DIAGRAM)
    changed = drawn.replace('name="核对并确认申请表"'.encode(), 'name="看一遍再确认"'.encode())
    change_id = submitted(office, author, changed)
    assert texts(the_guide(office)) == texts(before), "not before it is published"

    assert isinstance(studio.publish_change(office, second, change_id), ChangeView)

    after = the_guide(office)
    assert [step.names[0].zh for step in after.body.steps][2] == "看一遍再确认"
    assert (after.version, after.digest) == (before.version + 1, shelf.digest_of(changed))
    assert [row.matter for row in guides.guides(office, search="看一遍")] == ["claim"]
    assert guides.guides(office, search="核对并确认申请表") == ()
    assert guides.diagram_of(office, "claim") == changed


@pytest.mark.req("SERV-01")
def test_a_field_taken_out_of_a_form_and_a_letter_renamed_change_the_guide_too(
    office: Office, author: Actor, second: Actor
) -> None:
    note = published_text(office, FORM).replace("用来通知办理进度。".encode(), "只用来通知。".encode())
    letter = published_text(office, LETTER).replace("失业保险金核定告知书".encode(), "核定通知".encode())
    change_id = opened(office, author)
    saved(office, author, change_id, FORM, note)
    saved(office, author, change_id, LETTER, letter)
    studio.submit_change(office, author, change_id)

    assert isinstance(studio.publish_change(office, second, change_id), ChangeView)

    body = the_guide(office).body
    assert [field.explanation.zh for field in body.needs[0].fields if field.label.zh == PHONE] == [
        "只用来通知。"
    ]
    assert "核定通知" in [letter.zh for letter in body.letters]


@pytest.mark.req("SERV-01", "CLAIM-05")
def test_every_forbidden_demand_is_seen_by_publishing_and_by_the_guide(office: Office) -> None:
    with office.store.reading() as session:
        files = shelf.library_files(session)
    names = office.runner.versions.names
    words = [demand.words[0] for demand in office.book.forbidden_demands]

    unseen_in_form = [word for word in words if not check_form(asking(files, word)[FORM], names=names)]
    unseen_in_guide = [word for word in words if not [*guide_problems(DIAGRAM, asking(files, word), names)]]
    report = check_files(asking(files, words[0]), {FORM}, names)

    assert (unseen_in_form, unseen_in_guide) == ([], [])
    assert {(name, problem.code) for name, problem in report.errors} == {
        (FORM, "forbidden_demand"),
        (DIAGRAM, "forbidden_demand"),
    }

    past_the_check(office, asking(files, "离职证明"), FORM)

    body = the_guide(office).body
    assert body.withheld == 1
    assert "离职证明" not in texts(the_guide(office))
    assert guides.guides(office, search="离职证明") == ()


@pytest.mark.req("SERV-01", "CLAIM-05")
def test_the_guide_and_publishing_ask_one_and_the_same_function(office: Office, author: Actor) -> None:
    versions = office.runner.versions
    shipped = versions.names
    versions.names = replace(shipped, forbids=lambda text: ("不得要求手机",) if PHONE in text else ())
    with office.store.reading() as session:
        files = shelf.library_files(session)

    seen = the_guide(office).body.withheld
    report = check_files(files, {DIAGRAM}, versions.names)
    versions.names = replace(shipped, forbids=lambda _text: ())
    blind = check_files(asking(files, "离职证明"), {FORM}, versions.names)

    assert seen == 1
    assert [(name, problem.element, problem.code) for name, problem in report.errors] == [
        (DIAGRAM, "claim", "forbidden_demand")
    ], "the diagram itself asks nothing; its guide would"
    assert blind.ok, "break it, and neither sees anything"


@pytest.mark.req("SERV-01")
def test_what_is_needed_is_exactly_what_the_forms_of_the_applicant_ask(office: Office) -> None:
    for row in guides.guides(office):
        body = the_guide(office, row.matter).body
        with office.store.reading() as session:
            version = office.runner.versions.latest(session, body.process_id)
        filled = {
            element.name: version.forms[element.form]
            for element in version.blueprint.elements.values()
            if element.duty in ("claimant", "employer") and element.form
        }
        assert {need.step.zh for need in body.needs} == set(filled), row.matter
        for need in body.needs:
            asked = [field for field in filled[need.step.zh].fields if not field.readonly]
            assert [(field.label.zh, field.required) for field in need.fields] == [
                (field.label, field.required) for field in asked
            ]


@pytest.mark.req("SERV-01")
def test_every_public_matter_says_who_on_what_ground_and_which_letters_come(office: Office) -> None:
    found = {row.matter: the_guide(office, row.matter) for row in guides.guides(office)}

    assert {"claim", "transfer", "stable-jobs", "death-grant"} <= set(found)
    claim = found["claim"]
    assert claim.body.whole_limit is not None
    assert (claim.body.whole_limit.count, claim.body.whole_limit.unit) == (10, "workdays")
    assert "第二十四条" in claim.body.whole_limit.source
    assert claim.body.office_days == 7
    assert {"失业保险金核定告知书", "不予核定告知书", "异议答复"} <= {each.zh for each in claim.body.letters}
    for each in found.values():
        assert all(words.en for words in (each.body.title, each.body.about, each.body.for_whom))
        assert each.body.provisions and each.body.withheld == 0
        assert len(each.not_asked) == len(office.book.forbidden_demands)


@pytest.mark.req("SERV-01")
def test_a_process_taken_out_of_the_library_has_no_guide(office: Office) -> None:
    with office.store.transaction() as session:
        held = shelf.newest(session)["death-grant.bpmn"]
        session.add(
            LibraryFile(
                name=held.name,
                number=held.number + 1,
                content=None,
                digest="",
                author=SYSTEM.key,
                published_by=SYSTEM.key,
                published_at=office.clock(),
                change_id=None,
            )
        )

    assert codes(guides.guide(office, "death-grant")) == ("no_such_guide",)
    assert isinstance(guides.diagram_of(office, "death-grant"), Refusal)
    assert "death-grant" not in {row.matter for row in guides.guides(office)}


@pytest.mark.req("SERV-01", "FLOW-03")
def test_two_processes_do_not_share_an_address(office: Office) -> None:
    with office.store.reading() as session:
        files = shelf.library_files(session)
    taken = files["death-grant.bpmn"].replace(
        b'name="guide" value="death-grant"', b'name="guide" value="claim"'
    )

    report = check_files(
        {**files, "death-grant.bpmn": taken}, {"death-grant.bpmn"}, office.runner.versions.names
    )

    assert [problem.code for _name, problem in report.errors] == ["guide_address"]


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("371502", {"371502"}),
        ("371581", {"371581"}),
        ("370100", {"37"}),
        ("500101", {"50"}),
        ("371500", {"3715"}),
    ],
)
def test_counters_are_those_of_the_region_or_of_the_nearest_around_it(
    office: Office, region: str, expected: set[str]
) -> None:
    book = ServicePointBook.load(office.settings.processes_dir)

    found = {point.region for point in book.near(region)}

    assert found and all(point.startswith(tuple(expected)) for point in found)
    assert the_guide(office, region="999999").region == office.settings.region
