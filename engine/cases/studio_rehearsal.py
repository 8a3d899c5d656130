"""The analysts' own tests, run before a change may be submitted: what passed so far must still pass.

A case that fails on the published files too, in a tests file that the change leaves alone, is no fault of the
change. Runs outside of the studio's transaction, since every rehearsal has one of its own that is rolled back.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from engine.cases import library as shelf
from engine.cases.library import LibraryFile
from engine.cases.library_checks import check_files
from engine.cases.office import Office
from engine.cases.publishing import refusal_of
from engine.cases.rehearse import CaseReport, run_tests
from engine.cases.studio_views import ChangeView
from engine.values import Reason


def failing_cases(office: Office, change_id: int) -> tuple[Reason, ...]:
    """Why the change may not be submitted yet, a reason for each case that fails because of it.

    Empty where none does, and where the files have errors, which are refused before anything is played.
    """
    with office.store.reading() as session:
        published, drafts = shelf.library_files(session), shelf.draft_files(session, change_id)
    files = {**published, **drafts}
    report = check_files(files, drafts, office.runner.versions.names)
    if not report.ok:
        return ()
    concerned = sorted({shelf.key_of(each.name) for each in report.files if "/" not in each.name})
    failed = _failed(office, files, concerned)
    if not failed:
        return ()
    before = {each for each in _failed(office, published, concerned) if each[0] not in drafts}
    return tuple(
        refusal_of("rehearsal_failed", case.text, f"The case “{case.name}” fails.", fact=case.file)
        for own, case in failed.items()
        if own not in before
    )


def published_since(office: Office, change: ChangeView) -> bool:
    """Whether the library moved on after the tests of a submitted edit were played.

    A rollback is not rehearsed: the tests of today may not know what it brings back, and it may be urgent.
    """
    with office.store.reading() as session:
        latest = session.scalar(select(func.max(LibraryFile.published_at)))
    submitted = change.submitted_at
    return change.kind == "edit" and bool(latest and submitted and latest > submitted)


def _failed(
    office: Office, files: Mapping[str, bytes], concerned: list[str]
) -> dict[tuple[str, str], CaseReport]:
    """The cases of those diagrams that fail, by file and name."""
    return {
        (case.file, case.name): case
        for key in concerned
        for case in run_tests(office, files, only=f"{key}.bpmn")
        if not case.passed
    }
