"""Who sees which rows: the policy of every table, on one page for whoever has to answer for it (CTRL-07).

It stands above all rooms, because a row is somebody's by its case, its person or its money, wherever the table
belongs. A table that is named nowhere here cannot be read on behalf of anybody; ``tests/test_row_security.py`` says
so before a page does. Reasons, ways out and what this does not stop: ``docs/decisions/0011-row-security.md``.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.store.row_guards import BASIS, office_only, open_to_all, seen, within

# whoever had a hand in a case outside the regions of today keeps seeing it, as ``files.may_see`` says. Evaluated once
# for a query, and only where a row lies outside. It reads as the owner, or the policies would ask each other in a ring
_HANDS = """
CREATE OR REPLACE FUNCTION office_hands() RETURNS SETOF integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT case_id FROM workflow_history WHERE actor = office_actor() AND starts_with(actor, 'staff:')
  UNION SELECT case_id FROM workflow_history WHERE on_behalf_of = office_actor() AND on_behalf_of <> ''
  UNION SELECT case_id FROM workflow_task WHERE assignee = office_actor() AND status = 'ready'
  UNION SELECT case_id FROM workflow_task WHERE owner = office_actor() AND status = 'ready'
  UNION SELECT case_id FROM task_signer
         WHERE signer = office_actor() AND signed_at IS NULL AND ended_at IS NULL
$$
"""

_ME = "(SELECT office_actor())"
_STAFF = "(SELECT office_staff())"
_PERSONAL = "(SELECT office_personal())"
_OWN_PERSON = "(SELECT office_own('person'))"
_OWN_EMPLOYER = "(SELECT office_own('employer'))"
_MONEY = "(SELECT office_reach('money')) IS NOT NULL"


def _row(table: str, column: str, of: str, key: str = "id") -> str:
    """The row that it belongs to is seen: that table's own policy decides."""
    return f"EXISTS (SELECT FROM {of} seen WHERE seen.{key} = {table}.{column})"


def _case(table: str, column: str = "case_id") -> str:
    return _row(table, column, "workflow_case")


def _content(table: str, column: str = "case_id") -> str:
    """What a case holds about people, which administrators and analysts have no business with."""
    return f"{_PERSONAL} AND {_case(table, column)}"


def _of_person(table: str, *, region: str = "region_code", case: str = "case_id") -> str:
    """A row about an insured person: their own, of the regions of whoever deals with people, or of a case seen."""
    return f"person_id = {_OWN_PERSON} OR {within(region, 'people')} OR ({_content(table, case)})"


def _behind_the_desk(table: str) -> str:
    """As that, but not for the person: what was found and not yet told."""
    return f"{within('region_code', 'people')} OR ({_STAFF} AND {_content(table)})"


#: the region of the office that a letter goes to
_ADDRESSED = "split_part(recipient, ':', 2)"
_CASEWORK: Mapping[str, str] = {
    "workflow_case": f"{within('region_code')} OR subject = {_ME} OR started_by = {_ME} "
    "OR id IN (SELECT office_hands())",
    "workflow_task": f"{within('region_code')} OR assignee = {_ME} OR completed_by = {_ME} "
    f"OR {_case('workflow_task')}",
    "workflow_history": _content("workflow_history"),
    "workflow_incident": f"{_STAFF} AND {_case('workflow_incident')}",
    "workflow_timer": _case("workflow_timer"),
    "workflow_subscription": _case("workflow_subscription"),
    "task_signer": f"signer = {_ME} OR {_case('task_signer')}",
    "held_completion": f"actor = {_ME} OR {_row('held_completion', 'task_id', 'workflow_task')}",
    "task_urge": _row("task_urge", "task_id", "workflow_task"),
    "case_copy": f"reader = {_ME} OR {_case('case_copy')}",
    "limit_pause": _case("limit_pause"),
    "limit_breach": f"{_STAFF} AND ({within('region_code')} OR {_case('limit_breach')})",
    "limit_reminder": _row("limit_reminder", "task_id", "workflow_task"),
    "attachment": f"{_content('attachment')} AND ({_STAFF} OR added_by = {_ME})",
    "letter": f"recipient = {_ME} OR (recipient = 'public:0' AND {_ME} IS NOT NULL) OR ({_STAFF} AND {_PERSONAL} AND ({_case('letter')} "
    f"OR {_row('letter', 'id', 'escalation_paper', 'letter_id')} "
    f"OR (case_id IS NULL AND recipient ^@ 'office:' AND {within(_ADDRESSED)}) "
    "OR (case_id IS NULL AND EXISTS (SELECT FROM person seen WHERE seen.id = CASE WHEN letter.recipient ^@ 'person:' "
    "THEN split_part(letter.recipient, ':', 2)::integer END))))",
    # each level its own and what is below it
    "rectification_item": f"{_STAFF} AND ({within('region_code')} OR {_case('rectification_item')})",
    "item_case": _row("item_case", "item_id", "rectification_item"),
    "escalation": _row("escalation", "item_id", "rectification_item"),
    # a circular is for every unit below the office that it names
    "escalation_paper": f"{_STAFF} AND ({within('region_code')} OR stage = 'circular' AND EXISTS (SELECT FROM "
    "unnest((SELECT office_reach('reach'))::text[]) own WHERE own ^@ regexp_replace(region_code, '(00){1,2}$', '')))",
    # who named somebody, or what an inquiry is about, is for whoever sees the case; that it binds is asked beyond it
    "case_avoidance": f"{_STAFF} AND {_case('case_avoidance')}",
    "move_item": f"{_STAFF} AND {_case('move_item')}",
}
_PEOPLE: Mapping[str, str] = {
    "person": f"id = {_OWN_PERSON} OR {within('region_code', 'people')} "
    f"OR ({_PERSONAL} AND EXISTS (SELECT FROM workflow_case seen WHERE seen.subject = 'person:' || person.id))",
    "employer": f"id = {_OWN_EMPLOYER} OR {_STAFF}",
    "claim": _of_person("claim"),
    "benefit_grant": _of_person("benefit_grant"),
    "unemployment_registration": _of_person("unemployment_registration"),
    "rights_transfer": f"{_of_person('rights_transfer', region='from_region')} OR {within('to_region', 'people')}",
    "retention_refund": f"employer_id = {_OWN_EMPLOYER} OR ({_STAFF} AND ({within('region')} OR {_case('retention_refund')}))",
    "notice_objection": f"{_STAFF} AND {_row('notice_objection', 'refund_id', 'retention_refund')}",
    "refund_repayment": _row("refund_repayment", "refund_id", "retention_refund"),
    "overpayment": _of_person("overpayment"),
    "skill_subsidy": _of_person("skill_subsidy"),
    "skill_screening": f"person_id = {_OWN_PERSON} OR {_behind_the_desk('skill_screening')}",
    # where to tell somebody something new: nobody reads it but whoever gave it
    "contact_point": f"owner = {_ME}",
    # the person, the employer that reported, and the agency; a correction and an objection with the report
    "reduction_report": f"employer_id = {_OWN_EMPLOYER} OR {_of_person('reduction_report')}",
    "reduction_correction": _row("reduction_correction", "report_id", "reduction_report"),
    "reduction_objection": _row("reduction_objection", "report_id", "reduction_report"),
    # what was said of the service, by whom: who handles it, and who said it; never whose work it was (engine.duties.avoidance)
    "rating_invitation": f"rater = {_ME} OR {within('region_code', 'people')}",
    "service_rating": f"rater = {_ME} OR {within('region_code', 'people')}",
    "complaint": f"complainant = {_ME} OR {within('region_code', 'people')}",
    # the family asks for it: whose account it is paid to sees it, not the others who asked
    "death_grant": f"applicant_id = {_OWN_PERSON} OR {_behind_the_desk('death_grant')}",
    # what passed between two offices about a person's transfer; what it says is encrypted beside that
    "exchange_message": f"{_STAFF} OR {_row('exchange_message', 'transfer_number', 'rights_transfer', 'transfer_number')}",
    "match_hit": _behind_the_desk("match_hit"),
    "risk_flag": _behind_the_desk("risk_flag"),
    "suspicion_line": f"{_STAFF} AND {_PERSONAL} AND ({_row('suspicion_line', 'list_id', 'suspicion_list')} "
    f"OR {_row('suspicion_line', 'grant_id', 'benefit_grant')} OR {_case('suspicion_line')})",
    "suspicion_list": within("region", "people"),
    "dishonesty_listing": f"{within('region_code', 'people')} OR subject_kind || ':' || subject_id = {_ME} "
    f"OR ({_STAFF} AND {_content('dishonesty_listing')})",
    "data_change": f"{within('region_code', 'people')} OR requested_by = {_ME}",
    "imported_contribution": _row("imported_contribution", "person_id", "person"),
    "imported_exit": _row("imported_exit", "person_id", "person"),
    "imported_payment": _row("imported_payment", "person_id", "person"),
    "imported_grant": _row("imported_grant", "grant_id", "benefit_grant"),
    "import_file": f"{within('region_code', 'people')} OR uploaded_by = {_ME}",
    "import_row": _row("import_row", "file_id", "import_file"),
    "import_entry": _row("import_entry", "file_id", "import_file"),
    "import_fault": _row("import_fault", "file_id", "import_file"),
    "month_decision": f"{within('region', 'people')} OR {_row('month_decision', 'grant_id', 'benefit_grant')}",
    "sample_item": f"{within('region_code', 'people')}",
    "sample_draw": within("region", "people"),
    "fund_incident": within("region_code", "people"),
    "incident_follow_up": _row("incident_follow_up", "incident_id", "fund_incident"),
    # whoever inspects looks reads them beyond this, by name: engine.cases.looks
    "access_record": f"actor = {_ME} OR person_id = {_OWN_PERSON} "
    f"OR ({_STAFF} AND {_row('access_record', 'person_id', 'person')})",
}
_MONEYS: Mapping[str, str] = {
    "payment_order": f"{within('region', 'money')} OR (payee_kind = 'person' AND payee_id = {_OWN_PERSON}) "
    f"OR (payee_kind = 'employer' AND payee_id = {_OWN_EMPLOYER}) OR ({_MONEY} AND {_case('payment_order')})",
    "payment_line": _row("payment_line", "order_id", "payment_order"),
    # a batch of the office above holds no names: whoever deals with money below it sees what became of their orders
    "payment_batch": f"{within('region', 'money')} OR EXISTS (SELECT FROM "  # noqa: S608 - our own words
    "unnest((SELECT office_reach('money'))::text[]) own WHERE own ^@ regexp_replace(region, '(00){1,2}$', '')) "
    "OR id IN (SELECT l.batch_id FROM payment_order o JOIN payment_line l ON l.order_id = o.id "
    f"WHERE o.payee_kind = split_part({_ME}, ':', 1) "
    f"AND o.payee_id = COALESCE({_OWN_PERSON}, {_OWN_EMPLOYER}))",
    "payment_chunk": within("region", "money"),
    # the bank's file holds every line of it
    "bank_receipt": f"taken_by = {_ME} OR EXISTS (SELECT FROM payment_batch b "
    f"WHERE b.id = bank_receipt.batch_id AND {within('b.region', 'money')})",
    "account_correction": _row("account_correction", "order_id", "payment_order"),
    "journal_entry": f"{within('region', 'books')} OR ({_MONEY} AND {_case('journal_entry')})",
    "posting": _row("posting", "entry_id", "journal_entry"),
    **{
        table: _row(table, "overpayment_id", "overpayment")
        for table in ("overpaid_month", "instalment", "repayment", "write_off")
    },
}
#: figures of offices, without a person in them: any member of staff, and nobody else
_FIGURES = (
    "match_round", "month_part", "month_rate", "month_run", "period_closing", "period_reopening", "reconciliation",
    "reconciliation_difference", "reconciliation_pair", "risk_round", "roster", "adjustment_line",
    "adjustment_proposal", "exchange_fault", "exchange_statement", "employer_listing", "employer_roster", "employer_year",
    "screen_decision", "screen_figure", "screen_listing", "screen_part", "screen_roster", "screen_run",
    "certificate_roster", "checklist", "checklist_topic", "checklist_unit", "refund_campaign", "refund_campaign_part",
    "hand_voucher", "year_end", "screen_trial", "screen_trial_change", "screen_trial_figure", "screen_trial_part", "screen_trial_total",
)  # fmt: skip
#: written for everybody's sake, read by the few: table → who reads, who writes
_TRACES: Mapping[str, tuple[str, str]] = {
    "audit_event": (
        f"{_STAFF} AND CASE WHEN stream ^@ 'case:' THEN {_PERSONAL} AND EXISTS (SELECT FROM workflow_case seen "
        "WHERE seen.id = split_part(stream, ':', 2)::integer) ELSE true END",
        "true",
    ),
    # a content is kept before the paper that names it
    "stored_file": (_row("stored_file", "digest", "attachment", "digest"), "true"),
    "outbox_message": (f"{_STAFF} OR {_case('outbox_message')}", "true"),
    "kept_answer": (f"caller = {_ME}", f"caller = {_ME}"),
    "saved_view": (f"{_STAFF} AND (owner = {_ME} OR shared_with <> '')", f"owner = {_ME}"),
    "stock_phrase": (_STAFF, _STAFF),
}
#: nobody's: the books, the law's mirror, what is published; and staff, whose names stand beside what they did
_OPEN = (
    "region", "duty", "duty_conflict", "same_case_conflict", "staff_member", "post", "agency", "process_version",
    "library_file", "change", "change_file", "change_hand", "rehearsal_run", "rehearsal_case", "move_job", "risk_rule",
    "account", "payment_purpose", "calendar_edition", "calendar_day", "open_task_total", "open_task_delta",
    "audit_stream", "audit_seal", "audit_seal_leaf", "generated_province", "price_index", "refund_notice_list", "refund_notice_line",
)  # fmt: skip
#: asked by the office's own work alone: whole populations by blind index, and the accounts of their cards
OFFICE_ONLY = ("roster_line", "card_account", "skill_certificate", "public_form_use", "sms_reply")

#: the condition of every table that is not open, by table
SEEN: Mapping[str, str] = {
    **_CASEWORK,
    **_PEOPLE,
    **_MONEYS,
    **dict.fromkeys(_FIGURES, _STAFF),
    **{table: using for table, (using, _) in _TRACES.items()},
    **dict.fromkeys(OFFICE_ONLY, "false"),
}
OPEN = frozenset(_OPEN)

ROW_GUARDS: tuple[str, ...] = (
    *BASIS,
    _HANDS,
    *(
        seen(table, using, check=_TRACES[table][1] if table in _TRACES else "")
        for table, using in SEEN.items()
        if table not in OFFICE_ONLY
    ),
    *map(open_to_all, _OPEN),
    *map(office_only, OFFICE_ONLY),
)
