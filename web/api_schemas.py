"""What the API takes and gives, as marshmallow schemas; the OpenAPI description is made from them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from engine.cases.views import TaskView
from web.forms import described


class SignIn(Schema):
    """Login and password of a member of staff."""

    login = fields.String(required=True, validate=validate.Length(max=60))
    password = fields.String(required=True, validate=validate.Length(max=200), load_only=True)


class SignedIn(Schema):
    """Who is signed in."""

    kind = fields.String()
    name = fields.String()
    duties = fields.List(fields.String())
    csrf_token = fields.String(metadata={"description": "send it as X-CSRFToken with every change"})


class ReasonSchema(Schema):
    """A reason with its fact, parameter and source."""

    code = fields.String()
    text = fields.String()
    text_en = fields.String()
    fact = fields.String()
    parameter = fields.String()
    source = fields.String()
    verified = fields.Boolean()


class Problem(Schema):
    """RFC 9457 problem+json."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    reasons = fields.List(fields.Nested(ReasonSchema))
    fields_ = fields.Dict(data_key="fields", metadata={"description": "messages by field, for a 422"})


class InboxQuery(Schema):
    """Which list, and where in it."""

    list_ = fields.String(
        data_key="list",
        attribute="list",
        load_default="todo",
        validate=validate.OneOf(("todo", "claimable", "done")),
    )
    cursor = fields.String(load_default="")
    search = fields.String(load_default="", validate=validate.Length(max=100))


class TaskRowSchema(Schema):
    """A line of an inbox."""

    task_id = fields.String()
    case_id = fields.Integer()
    case_key = fields.String()
    process_id = fields.String()
    process_name = fields.String()
    element_id = fields.String()
    name = fields.String()
    duty = fields.String()
    region = fields.String()
    subject = fields.String(metadata={"description": "masked"})
    status = fields.String()
    assignee = fields.String()
    created_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime(allow_none=True)
    completed_at = fields.AwareDateTime(allow_none=True)
    light = fields.String()
    workdays_left = fields.Integer(allow_none=True)


class TaskPage(Schema):
    """One page of an inbox."""

    rows = fields.List(fields.Nested(TaskRowSchema))
    total = fields.Integer()
    next_cursor = fields.String(metadata={"description": "empty on the last page"})


class FactSchema(Schema):
    """A fact and who says so."""

    label = fields.String()
    value = fields.String()
    source = fields.String()


class FieldSchema(Schema):
    """A field of a form."""

    key = fields.String()
    kind = fields.String()
    label = fields.String()
    required = fields.Boolean()
    options = fields.List(fields.Dict(keys=fields.String(), values=fields.String()))


class Task(Schema):
    """A task: row, fields of the form, values so far, facts, reasons, what may be done."""

    row = fields.Nested(TaskRowSchema)
    fields_ = fields.List(fields.Nested(FieldSchema), data_key="fields", attribute="fields")
    values_ = fields.Dict(keys=fields.String(), data_key="values", attribute="values")
    facts = fields.List(fields.Nested(FactSchema))
    reasons = fields.List(fields.Nested(ReasonSchema))
    can = fields.List(fields.String())
    forbidden = fields.List(fields.Nested(ReasonSchema))


class Completion(Schema):
    """The answers of a form, written as on the page."""

    fields_ = fields.Dict(
        keys=fields.String(), values=fields.Raw(), required=True, data_key="fields", attribute="fields"
    )


class Withdrawal(Schema):
    """Why a claim is taken back."""

    why = fields.String(required=True, validate=validate.Length(min=1, max=200))


class PaymentRun(Schema):
    """Which month is paid."""

    month = fields.String(
        required=True,
        validate=validate.Regexp(r"^\d{4}-(0[1-9]|1[0-2])$"),
        metadata={"description": "2025-11"},
    )


class BatchLineSchema(Schema):
    """A line of a payment batch."""

    line_no = fields.Integer()
    payee = fields.String()
    account = fields.String(metadata={"description": "masked"})
    amount = fields.String(metadata={"description": "yuan with two decimals"})
    purpose = fields.String()
    status = fields.String()
    reason = fields.String()
    case_id = fields.Integer(allow_none=True)


class SignatureSchema(Schema):
    """A step of a batch, who signed it, and when."""

    step = fields.Function(lambda signature: signature[0])
    person = fields.Function(lambda signature: signature[1])
    at = fields.Function(lambda signature: signature[2].isoformat() if signature[2] else None)


class Batch(Schema):
    """A payment batch."""

    number = fields.String()
    region = fields.String()
    status = fields.String()
    total = fields.String(metadata={"description": "yuan with two decimals"})
    line_count = fields.Integer()
    lines = fields.List(fields.Nested(BatchLineSchema))
    signatures = fields.List(fields.Nested(SignatureSchema))
    case_id = fields.Integer(allow_none=True)


class DoneAnswer(Schema):
    """A use-case did what it was asked."""

    message = fields.String()
    case_id = fields.Integer(allow_none=True)
    case_key = fields.String()


class StepSchema(Schema):
    """A step of the diagram and how far it is."""

    element_id = fields.String()
    name = fields.String()
    duty_name = fields.String()
    state = fields.String()
    at = fields.AwareDateTime(allow_none=True)
    actor = fields.String()
    due_at = fields.AwareDateTime(allow_none=True)


class OrderSchema(Schema):
    """A payment order of the case."""

    amount = fields.String(metadata={"description": "yuan with two decimals"})
    purpose = fields.String()
    month = fields.String()
    status = fields.String()
    account = fields.String(metadata={"description": "masked"})
    reason = fields.String()
    batch_number = fields.String()


class Case(Schema):
    """A case file."""

    case_id = fields.Integer()
    case_key = fields.String()
    process_id = fields.String()
    process_name = fields.String()
    version = fields.Integer()
    status = fields.String()
    subject = fields.String(metadata={"description": "masked"})
    region_name = fields.String()
    started_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)
    steps = fields.List(fields.Nested(StepSchema))
    facts = fields.List(fields.Nested(FactSchema))
    reasons = fields.List(fields.Nested(ReasonSchema))
    orders = fields.List(fields.Nested(OrderSchema))
    tasks = fields.List(fields.Nested(TaskRowSchema))
    can = fields.List(fields.String())


def of_task(view: TaskView) -> dict[str, object]:
    """The task as the schema wants it: the form as a flat list of fields."""
    return {
        "row": view.row,
        "fields": described(view.form),
        "values": dict(view.values),
        "facts": view.facts,
        "reasons": view.reasons,
        "can": sorted(view.can),
        "forbidden": view.forbidden,
    }
