"""What the API says where it does not do what was asked: problem+json, its description, and faults by field."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response
from flask_babel import gettext as _
from marshmallow import fields

from engine.values import Reason
from web.api_records import Described
from web.api_words import said
from web.errors import problem
from web.language import chosen

NOT_FOR_YOU = Reason(
    code="not_for_you",
    text="此操作不对您这类用户开放",
    text_en="This is not for the kind of user who is signed in.",
)


class ProblemReason(Described):
    """A reason with its fact, parameter and source."""

    code = fields.String(metadata={"description": said("code"), "example": "claimed_by_other"})
    text = fields.String(metadata={"description": said("text"), "example": "此任务已由他人领取"})
    text_en = fields.String(metadata={"description": said("text_en"), "example": "Somebody else has it."})
    fact = fields.String(metadata={"description": said("fact"), "example": "王受理"})
    parameter = fields.String(metadata={"description": said("parameter"), "example": ""})
    source = fields.String(metadata={"description": said("source"), "example": "社会保险法第四十五条"})
    verified = fields.Boolean(metadata={"description": said("verified"), "example": True})


class ProblemDetails(Described):
    """RFC 9457 problem+json."""

    type = fields.String(required=True, metadata={"description": said("type"), "example": "about:blank"})
    title = fields.String(required=True, metadata={"description": said("title"), "example": "不能这样办理"})
    status = fields.Integer(required=True, metadata={"description": said("status"), "example": 403})
    detail = fields.String(
        required=True, metadata={"description": said("detail"), "example": "请联系系统管理员"}
    )
    reasons = fields.List(
        fields.Nested(ProblemReason), required=True, metadata={"description": said("reasons")}
    )
    fields_ = fields.Dict(
        keys=fields.String(),
        required=True,
        data_key="fields",
        metadata={"description": said("fields_by_name")},
    )


def unknown() -> Response:
    """Nobody is signed in."""
    return problem(401, title=_("请先登录"), detail="POST /api/v1/session")


def faulty(faults: Mapping[str, Reason]) -> Response:
    """What is wrong at which field, in the caller's language, with the reasons and their codes."""
    said_here = {
        name: each.text if chosen() == "zh" else each.text_en or each.text for name, each in faults.items()
    }
    return problem(
        422,
        title=_("填写有误"),
        detail=_("请更正所列字段"),
        reasons=tuple(faults.values()),
        fields=said_here,
    )
