"""The description of the API against the API: no fault, nothing undocumented, everything that pages do, for whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from test_api import signed_in
from visitors import claimant, program

from engine.registers.cast import EMPLOYERS

#: printed with the first failure; another one finds other things
SEED = 20251103
#: tries of each operation by each visitor
TRIES = 2

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

Headers = dict[str, str]

#: what a page writes → the operation that does the same, or why programs have none
WRITES_OF_PAGES = {
    "tasks.claim": "POST /tasks/{task_id}/claim",
    "tasks.release": "POST /tasks/{task_id}/release",
    "tasks.draft": "PUT /tasks/{task_id}/draft",
    "tasks.complete": "POST /tasks/{task_id}/complete",
    "actions.act": "POST /tasks/{task_id}/send-back",
    "actions.act_case": "POST /cases/{case_id}/terminate",
    "agencies.make": "POST /agencies",
    "agencies.end": "POST /agencies/{agency_id}/end",
    "agencies.hand_over_all": "POST /staff/leavers",
    "phrases.keep": "POST /phrases",
    "phrases.drop": "DELETE /phrases/{phrase_id}",
    "calendars.enter": "PUT /calendar/{year}",
    "imports.take": "POST /imports",
    "imports.act": "POST /imports/{import_id}/load",
    "calendars.decide": "POST /calendar/editions/{edition_id}/approval",
    "control.screen": "POST /control/screenings",
    "control.write": "POST /control/rules",
    "control.act_on_rule": "POST /control/rules/{rule_id}/approval",
    "control.recheck": "POST /control/flags/{flag_id}/recheck",
    "control.draw": "POST /control/samples",
    "control_records.ask": "POST /control/changes",
    "control_records.decide": "POST /control/changes/{change_id}/decision",
    "control_records.write": "POST /control/incidents",
    "control_records.act": "POST /control/incidents/{incident_id}/signature",
    "employer_rosters.take": "POST /employer-rosters",
    "exchange_door.take": "only a page: a letter of another office bears its own signature, and has a door of its own",
    "cases.attach": "POST /cases/{case_id}/attachments",
    "cases.remove_attachment": "POST /attachments/{attachment_id}/removal",
    "cases.withdraw": "POST /cases/{case_id}/withdrawal",
    "cases.retry": "POST /incidents/{incident_id}/retry",
    "operations.retry_many": "POST /incidents/{incident_id}/retry",
    "inbox.find": "POST /inbox/find",
    "inbox.keep_view": "POST /inbox/views",
    "inbox.drop_view": "DELETE /inbox/views/{view_id}",
    "inbox.read_copy": "POST /inbox/copies/{case_id}/read",
    "inbox_bulk.act": "POST /bulk/complete",
    "inbox_bulk.take": "only a page: a workbook made for a person's hand; programs have POST /bulk/complete",
    "inbox_bulk.failed": "only a page: the workbook of what failed in the one handed in",
    "papers.whole_numbers": "only a page: printed by a person who says why; no program is handed whole numbers",
    "adjustments.propose": "POST /books/adjustments",
    "adjustments.decide": "POST /books/adjustments/{proposal_id}/decision",
    "books.propose": "POST /books/periods",
    "books.decide": "POST /books/periods/{closing_id}/confirmation",
    "books.decide_reopening": "POST /books/reopenings/{reopening_id}/decision",
    "reconciling.reconcile": "POST /books/reconciliations",
    "reconciling.decide": "POST /books/pairs/{pair_id}/decision",
    "reconciling.sign": "POST /books/reconciliations/{reconciliation_id}/signature",
    "hand_entries.enter": "POST /books/entries",
    "hand_entries.decide": "POST /books/entries/{voucher_id}/decision",
    "hand_entries.propose_year_end": "POST /books/year-ends",
    "hand_entries.decide_year_end": "POST /books/year-ends/{year_end_id}/decision",
    "payments.start": "POST /payments",
    "month_runs.start": "POST /month-runs",
    "refund_trials.propose": "POST /refund-trials",
    "refund_employer.apply": "POST /refunds",
    "refund_employer.tell_uses": "POST /refunds/{refund_id}/uses",
    "refund_public.object_to": "only a page: anybody who reads the notice objects there, without signing in",
    "reductions.report": "POST /reductions",
    "reductions.sheet": "only a page: a sheet made for a person's hand; programs have POST /reductions for each line",
    "reductions.given": "POST /reductions/{report_id}/given",
    "reductions.answer": "POST /reductions/{report_id}/answer",
    "reductions.correct": "POST /reductions/{report_id}/correction",
    "reductions.received": "POST /reductions/{report_id}/received",
    "reductions.objection": "POST /reductions/{report_id}/objection",
    "refunds.start": "POST /refund-campaigns",
    "refunds.close": "POST /refund-campaigns/{campaign_id}/close",
    "refunds.look": "POST /refunds/{refund_id}/look",
    "screenings.start": "POST /screenings",
    "rosters.take": "POST /rosters",
    "payments.receipt": "POST /payments/receipts",
    "portal.sign_in_claimant": "POST /session/person",
    "portal.claim": "POST /claims",
    "portal.sign_in_as_employer": "POST /session/employer",
    "staff.assign": "POST /staff/posts",
    "studio.open_change": "POST /studio/changes",
    "studio.add": "PUT /studio/changes/{change_id}/files/{file_name}",
    "studio.delete": "POST /studio/changes/{change_id}/deletions/{file_name}",
    "studio.drop": "DELETE /studio/changes/{change_id}/files/{file_name}",
    "studio.rebase": "POST /studio/changes/{change_id}/rebase/{file_name}",
    "studio.act": "POST /studio/changes/{change_id}/publication",
    "studio.give_back": "POST /studio/changes/{change_id}/rejection",
    "studio.roll_back": "POST /studio/processes/{process_id}/versions/{version}/roll-back",
    "studio_editor.save": "PUT /studio/changes/{change_id}/files/{file_name}",
    "studio_editor.check": "only a page: checks what is being drawn; programs have the report of the saved file",
    "studio_editor.preview": "only a page: a letter shown while it is being written",
    "studio_moves.go_on": "POST /studio/moves/trials",
    "studio_moves.start": "POST /studio/moves",
    "studio_moves.undo": "POST /studio/moves/{job_id}/undo",
    "studio_tests.start": "POST /studio/changes/{change_id}/run",
    "studio_tests.go_on": "only a page: old cases replayed before the analyst's eyes, nothing is kept",
    "studio_try.go_on": "only a page: a case tried out step by step before the analyst's eyes",
    "studio_try.keep": "only a page: keeps a case tried out there; programs save the tests file",
    "hits.report": "POST /hits",
    "suspicion.take": "POST /suspicion-lists",
    "welcome.sign_in_staff": "POST /session",
    "welcome.sign_out": "DELETE /session",
    "death_grants.counter": "POST /death-grants",
    "death_grants.own": "POST /my/death-grants",
    "prices.enter": "POST /prices",
    "prices.take": "POST /prices/file",
    "prices.confirm": "POST /prices/{index_id}/confirmation",
    "prices.reject": "POST /prices/{index_id}/rejection",
    "prices.withdraw": "POST /prices/{index_id}/withdrawal",
    "skills.take": "POST /certificate-rosters",
    "skills.counter": "POST /skill-subsidies",
    "skills.own_apply": "POST /my/skills",
    "starts.transfer": "POST /transfers",
    "rectification.issue_one": "POST /findings",
    "rectification.issue": "POST /rectification",
    "rectification.supervise": "POST /rectification/items/{item_id}/supervision",
    "rectification.reopen": "POST /rectification/items/{item_id}/reopening",
    "rectification.close": "POST /rectification/{checklist_id}/closing",
    "work_plans.take": "POST /work-plans",
    "transfers.withdraw": "POST /transfers/{number}/withdrawal",
    "exchange.resend": "POST /exchange/messages/{message_id}/resend",
    "exchange.state": "POST /exchange/{peer}/statement",
    "recoveries.start": "POST /recoveries",
    "recoveries.repay": "POST /recoveries/{overpayment_id}/repayments",
    "recoveries.propose": "POST /recoveries/{overpayment_id}/write-offs",
    "recoveries.judge": "POST /recoveries/{overpayment_id}/write-offs/{write_off_id}/decision",
    "recoveries.remove": "POST /dishonesty/{listing_id}/removal",
    "ratings.rate": "POST /my/ratings/{invitation_id}",
    "ratings.number": "only a page: a telephone in full is for the eyes of the person who calls, and the look is recorded",
    "rating_doors.rate_by_link": "only a page: whoever has the link of a short message rates, and nobody is signed in",
    "rating_doors.kiosk_number": "only a page: a number typed at a kiosk",
    "rating_doors.rate_at_kiosk": "only a page: a kiosk, where nobody is signed in",
    "complaints.complain": "only a page: a complaint for which nobody signs in; signed in it is POST /complaints",
    "complaints.look_up": "only a page: whoever has the code reads the answer, and nobody is signed in",
    "complaints.object_by_code": "only a page: whoever has the code objects, and nobody is signed in",
    "complaints.own": "POST /complaints",
    "complaints.counter": "POST /complaints",
    "complaints.object_to": "POST /my/complaints/{complaint_id}/objection",
    "contacts.change": "PUT /my/contacts",
}


@pytest.fixture(scope="module")
def somebody() -> list[FlaskClient]:
    """The one person of these tests, once signed in."""
    return []


@pytest.fixture
def visitors(app: Flask, somebody: list[FlaskClient]) -> dict[str, tuple[FlaskClient, Headers]]:
    """A clerk, a person, an employer, an administrator and nobody, each at a client with the headers of changes."""
    if not somebody:
        somebody.append(claimant(app).client)
    person = app.test_client()
    cookie = somebody[0].get_cookie("changling_session")
    assert cookie
    person.set_cookie("changling_session", cookie.value)
    employer = app.test_client()
    answer = employer.post(
        "/api/v1/session/employer", json={"credit_code": next(iter(EMPLOYERS.values())).credit_code}
    )
    assert answer.status_code == 200, answer.text
    nobody = app.test_client()
    nobody.get("/sign-in")
    return {
        "nobody": (nobody, {}),
        "person": (person, {"X-CSRFToken": person.get("/api/v1/session").json["csrf_token"]}),
        "employer": (employer, {"X-CSRFToken": answer.json["csrf_token"]}),
        "clerk": signed_in(app, "intake"),
        "administrator": signed_in(app, "administrator"),
    }


@pytest.fixture
def document(app: Flask) -> Mapping[str, Any]:
    """The description."""
    found: Mapping[str, Any] = app.test_client().get("/api/v1/openapi.json").json
    return found


@pytest.mark.req("FLOW-10")
def test_every_write_of_a_page_is_in_the_api_or_says_why_not(app: Flask, document: Mapping[str, Any]) -> None:
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"} and not rule.rule.startswith("/api/")
    }
    operations = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, found in document["paths"].items()
        for method in found
    }

    assert pages == set(WRITES_OF_PAGES)
    for where in WRITES_OF_PAGES.values():
        assert where.startswith("only a page: ") or where in operations, where


@pytest.mark.req("FLOW-10")
def test_every_field_is_named_in_both_languages(document: Mapping[str, Any]) -> None:
    both = re.compile(r"[\u4e00-\u9fff].* / \S", re.DOTALL)
    wordless = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, found in schema.get("properties", {}).items()
        if not both.search(found.get("description", ""))
    ]
    unsaid = [
        f"{method} {path} {parameter['name']}"
        for path, found in document["paths"].items()
        for method, operation in found.items()
        if isinstance(operation, dict)
        for parameter in operation.get("parameters", ())
        if not both.search(parameter.get("description", ""))
    ]

    assert (wordless, unsaid) == ([], [])


#: operations by which nobody need be signed in
ENTRANCES = {
    "post /session",
    "post /session/person",
    "post /session/employer",
    "delete /session",
    "get /guides",
    "get /guides/{matter}",
}
#: operations about oneself: what a person, an employer, a clerk and an administrator are answered
ABOUT_ONESELF = {
    "get /session": (200, 200, 200, 200),
    "get /inbox": (200, 200, 200, 200),
    "get /my/cases": (200, 200, 403, 403),
    "post /transfers": (201, 403, 403, 403),
    "get /transfers": (200, 403, 200, 403),
    "get /transfers/regions": (200, 403, 200, 200),
    "post /claims": (201, 403, 403, 403),
    "get /my/ratings": (200, 200, 403, 403),
    "get /my/complaints": (200, 200, 403, 403),
    "post /my/ratings/{invitation_id}": (404, 404, 403, 403),
    "post /my/complaints/{complaint_id}/objection": (404, 404, 403, 403),
    "post /complaints": (403, 403, 403, 403),
    "post /refunds": (403, 201, 403, 403),
    "post /reductions": (403, 403, 403, 403),
    "get /refunds": (403, 200, 200, 403),
    "get /my/refunds": (403, 200, 403, 403),
    "get /refund-notices/open": (200, 200, 200, 200),
    "get /my/contacts": (200, 200, 403, 403),
    "put /my/contacts": (200, 200, 403, 403),
    "get /my/skills": (200, 403, 403, 403),
    "post /my/skills": (422, 403, 403, 403),
    "post /my/death-grants": (422, 403, 403, 403),
    "get /my/reductions": (200, 403, 403, 403),
    "get /my/reduction-reports": (403, 200, 403, 403),
}
#: operations about one case or task that the public may call; every other operation is for staff
OF_ONE_CASE_OR_TASK = re.compile(
    r"(get|put|post) /(tasks/\{task_id\}(/(claim|release|draft|complete|earlier-steps))?"
    r"|cases/\{case_id\}(/(file|diagram|withdrawal|attachments))?|attachments/\{attachment_id\}(/removal)?"
    r"|transfers/\{number\}(/withdrawal)?|refunds/\{refund_id\}(/uses)?|reductions/\{report_id\}(/(correction|given|answer|received|objection))?)"
)


def operations_of(document: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Method, path below the API, and description of every operation."""
    return [
        (method, path.removeprefix("/api/v1"), operation)
        for path, found in document["paths"].items()
        for method, operation in found.items()
        if method != "parameters"
    ]


@pytest.mark.req("FLOW-10", "MONEY-01")
def test_nobody_and_the_public_are_kept_out_of_what_is_not_theirs(
    document: Mapping[str, Any], visitors: dict[str, tuple[FlaskClient, Headers]]
) -> None:
    wrong = []
    for method, path, operation in operations_of(document):
        name = f"{method} {path}"
        if name in ENTRANCES or name in ABOUT_ONESELF or "multipart" in str(operation.get("requestBody")):
            continue
        for who in ("nobody", "person", "employer"):
            status = harmless(visitors[who], method, path, document, operation)
            public = OF_ONE_CASE_OR_TASK.fullmatch(name)
            # without a session there is no token either
            allowed = {400, 401} if who == "nobody" else {403, 404, 409} if public else {403}
            if status not in allowed:
                wrong.append((who, name, status))

    assert wrong == []


def harmless(
    visitor: tuple[FlaskClient, Headers],
    method: str,
    path: str,
    document: Mapping[str, Any],
    operation: Mapping[str, Any],
) -> int:
    """The status of a well-formed request about what is not there."""
    client, headers = visitor
    address = "/api/v1" + re.sub(r"\{(\w+)\}", absent, path)
    needed = {each["name"]: example_of(each["schema"]) for each in operation.get("parameters", ()) if each["in"] == "query" and each.get("required")}  # fmt: skip
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    schema = document["components"]["schemas"][body["$ref"].rsplit("/", 1)[1]] if body else {}
    sent = {key: example_of(each) for key, each in schema.get("properties", {}).items()}
    answer = client.open(
        address, method=method.upper(), headers=headers, query_string=needed, json=sent if body else None
    )
    return answer.status_code


def absent(match: re.Match[str]) -> str:
    """What stands in an address for something that is not there."""
    return {"list": "todo", "year": "2025", "number": "PB-0"}.get(match[1], "999999999")


def example_of(schema: Mapping[str, Any]) -> object:
    """A value that the schema allows."""
    if schema.get("type") == "array":
        return [example_of(schema["items"])]
    return schema.get("example", "x")


@pytest.mark.req("FLOW-10")
@pytest.mark.parametrize("who", ["nobody", "person", "clerk", "administrator"])
def test_nothing_sent_makes_a_fault_or_an_undocumented_answer(
    app: Flask, visitors: dict[str, tuple[FlaskClient, Headers]], who: str
) -> None:
    client, headers = visitors[who]
    cookie = client.get_cookie("changling_session")
    cookies = {"changling_session": cookie.value} if cookie else {}
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    found: list[str] = []

    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):

            @seed(SEED)
            @settings(
                max_examples=TRIES,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def tried(case: schemathesis.Case) -> None:
                response = case.call(headers=headers, cookies=cookies)
                case.validate_response(response, checks=CHECKS)

            try:
                tried()
            except Unsatisfiable:
                continue  # nothing can be wrong with it
            except BaseExceptionGroup as wrong:
                found.append(f"{operation.method} {operation.path}: {wrong.exceptions[0]}")

    assert found == [], f"seed {SEED}: " + "\n".join(found)


@pytest.mark.req("FLOW-10")
@pytest.mark.parametrize("login", ["zhoukuaiji", "zhengneikong", "fengshuju", "handudao", "zhujiandu"])
def test_what_each_duty_reads_is_as_described(app: Flask, login: str) -> None:
    client, _headers = program(app, login)
    cookie = client.get_cookie("changling_session")
    assert cookie
    found: list[str] = []
    statuses = set()

    for result in schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).get_all_operations():
        operation = result.ok()
        if operation.method.upper() != "GET":
            continue
        numbers = dict.fromkeys(re.findall(r"\{(\w+)\}", operation.path), "1")
        response = (case := operation.Case(path_parameters=numbers)).call(
            cookies={"changling_session": cookie.value}
        )
        statuses.add(response.status_code)
        try:
            case.validate_response(response, checks=CHECKS)
        except BaseExceptionGroup as wrong:
            found.append(f"{operation.path}: {wrong.exceptions[0]}")

    assert (found, 200 in statuses) == ([], True)


@pytest.mark.req("FLOW-10", "MONEY-01")
def test_what_is_about_oneself_is_for_oneself(
    app: Flask, document: Mapping[str, Any], visitors: dict[str, tuple[FlaskClient, Headers]]
) -> None:
    asked = {f"{method} {path}": (method, path, each) for method, path, each in operations_of(document)}
    # of the others' person it is not known what they have filed
    person = claimant(app).client
    visitors["person"] = (person, {"X-CSRFToken": (person.get("/api/v1/session").json or {})["csrf_token"]})
    found = {
        name: tuple(
            harmless(visitors[who], asked[name][0], asked[name][1], document, asked[name][2])
            for who in ("person", "employer", "clerk", "administrator")
        )
        for name in ABOUT_ONESELF
    }

    assert found == ABOUT_ONESELF


DUTIES = ("intake", "cashier", "control", "administrator", "provincial")
#: what each duty is answered about what is not there; none: not asked, since it would be done
OF_DUTIES: dict[str, tuple[int | None, ...]] = {
    "post /phrases": (403, 403, 403, None, 403),
    "get /incidents": (403, 403, 200, 200, 403),
    "post /incidents/{incident_id}/retry": (403, 403, 404, 403, 403),
    "post /findings": (403, 403, 403, 403, None),
    "post /agencies": (403, 403, 403, 403, 403),
    "post /agencies/{agency_id}/end": (403, 403, 403, 403, 403),
    "post /staff/leavers": (403, 403, 403, None, 403),
    "get /staff": (403, 403, 200, 200, 403),
    "post /staff/posts": (403, 403, 403, None, 403),
    "put /calendar/{year}": (403, 403, 403, 403, 403),
    "get /payments": (200, 200, 200, 403, 403),
    "post /payments": (None, 403, 403, 403, 403),
    "get /payments/{number}": (404, 404, 404, 403, 403),
    "get /month-runs": (200, 200, 200, 403, 403),
    "get /month-runs/{run_id}": (404, 404, 404, 403, 403),
    "post /month-runs": (None, 403, 403, 403, 403),
    "get /transfers/{number}": (404, 404, 404, 403, 404),
    "get /transfers/in-transit": (200, 200, 200, 403, 200),
    "post /transfers/{number}/withdrawal": (404, 404, 404, 404, 404),
    "get /exchange": (403, 403, 200, 200, 403),
    "get /exchange/{peer}": (403, 403, 404, 404, 403),
    "get /exchange/{peer}/differences": (403, 403, 404, 404, 403),
    "post /exchange/{peer}/statement": (403, 403, 404, 404, 403),
    "post /exchange/messages/{message_id}/resend": (403, 403, 404, 404, 403),
    "get /books": (403, 200, 200, 403, 200),
    "post /books/periods": (403, 403, 403, 403, 403),
    "post /books/adjustments": (403, 403, 403, 403, 403),
    "get /recoveries": (200, 200, 200, 403, 403),
    "post /recoveries": (403, 403, 403, 403, 403),
    "get /dishonesty": (403, 403, 200, 403, 200),
    "get /refund-trials": (200, 200, 200, 403, 403),
    "post /refund-trials": (403, 403, 403, 403, 403),
    "get /rosters": (200, 403, 200, 403, 403),
    "post /prices": (403, 403, 403, 403, 403),
    "get /imports": (403, 403, 403, 403, 403),
    "get /control/rules": (403, 403, 200, 403, 403),
    "post /control/rules": (403, 403, None, 403, 403),
    "post /control/screenings": (403, 403, None, 403, 403),
    "get /control/looks": (403, 403, 200, 403, 403),
    "get /control/incidents": (403, 403, 200, 403, 200),
    "post /rectification": (403, 403, 403, 403, None),
    "get /studio/library": (403, 403, 200, 200, 403),
    "get /studio/changes/{change_id}": (403, 403, 404, 404, 403),
    "get /studio/changes/{change_id}/run": (403, 403, 404, 404, 403),
}


@pytest.mark.req("FLOW-10", "MONEY-01")
def test_each_duty_may_what_it_may(app: Flask, document: Mapping[str, Any]) -> None:
    asked = {f"{method} {path}": (method, path, each) for method, path, each in operations_of(document)}
    # what changes the studio is for analysts alone, and none of these is one
    for_analysts = {
        name: (403,) * len(DUTIES)
        for name, (method, path, each) in asked.items()
        if path.startswith("/studio/") and method != "get" and "multipart" not in str(each)
    }
    expected = {**OF_DUTIES, **for_analysts}
    clerks = {duty: signed_in(app, duty) for duty in DUTIES}

    found = {
        name: tuple(
            None if status is None else harmless(clerks[duty], *asked[name][:2], document, asked[name][2])
            for duty, status in zip(DUTIES, statuses, strict=True)
        )
        for name, statuses in expected.items()
    }

    assert len(for_analysts) > 10
    assert found == expected
