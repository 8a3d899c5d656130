"""Complaints: for everybody, signed in or not; at the counter; and for those who handle them."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from engine.cases import complaint_lists, complaints
from engine.cases.complaints import AT_THE_COUNTER, CHANNEL_NAMES, KIND_NAMES, TEXT_MAX, ComplaintView, Told
from engine.cases.files import my_cases
from engine.cases.views import FieldFaults
from engine.values import SYSTEM, Reason, Refusal
from web.errors import refused, status_of
from web.rating_doors import visitor
from web.session import actor, actor_or_none, office, only_for

pages = Blueprint("complaints", __name__)

_TYPED = ("kind", "text", "about_staff", "name", "reach", "channel", "region", "of_case")
#: what use-cases say in Chinese; here the catalogue learns of it
_WORDS = (
    lazy_gettext("待受理"), lazy_gettext("已转交"), lazy_gettext("复核中"), lazy_gettext("属实"),
    lazy_gettext("部分属实"), lazy_gettext("不属实"), lazy_gettext("维持原答复"), lazy_gettext("变更原答复"),
    lazy_gettext("匿名"), lazy_gettext("留有姓名"), lazy_gettext("窗口"), lazy_gettext("电话"), lazy_gettext("来信"),
    lazy_gettext("服务态度"), lazy_gettext("办事拖延"), lazy_gettext("违规要材料"), lazy_gettext("待遇发放"),
    lazy_gettext("违规违纪"), lazy_gettext("其他"),
)  # fmt: skip
#: where the code is kept until it was shown once
_CODE = "complaint_code"


@pages.get("/complain")
def public_form() -> ResponseReturnValue:
    """The form for everybody; whoever is signed in is led to their own."""
    found = actor_or_none()
    if found is not None:
        return redirect("/complaints/new" if found.kind == "staff" else "/my/complaints/new", code=303)
    return _form({}, {})


@pages.post("/complain")
def complain() -> ResponseReturnValue:
    """The complaint of somebody whom nobody knows, or who left a name."""
    return _taken(signed_in=False)


@pages.get("/complain/taken")
def taken() -> ResponseReturnValue:
    """The number and the code of what was just complained about: shown once."""
    kept = cookie.pop(_CODE, None)
    if not kept:
        return redirect("/complain/look-up", code=303)
    return render_template("complaint_taken.html", case_key=kept[0], code=kept[1])


@pages.get("/complain/look-up")
def look_up_page() -> ResponseReturnValue:
    """Where a code is typed to read the answer."""
    return render_template("complaint_look_up.html", found=None, refusal=None, code="")


@pages.post("/complain/look-up")
def look_up() -> ResponseReturnValue:
    """The complaint that the code is for."""
    return _looked_up(request.form.get("code", "")[:40])


@pages.post("/complain/objection")
def object_by_code() -> ResponseReturnValue:
    """The objection of whoever has the code."""
    code = request.form.get("code", "")[:40]
    outcome = complaints.object_by_code(office(), code, why=_text("why"), visitor=visitor())
    if isinstance(outcome, Refusal):
        return _looked_up(code, refusal=outcome)
    flash(outcome.message, "success")
    return _looked_up(code)


@pages.get("/my/complaints")
@only_for("person", "employer")
def mine() -> ResponseReturnValue:
    """My complaints and their answers."""
    return _mine()


@pages.get("/my/complaints/new")
@only_for("person", "employer")
def own_form() -> ResponseReturnValue:
    """The form for whoever is signed in."""
    return _form({}, {})


@pages.post("/my/complaints")
@only_for("person", "employer")
def own() -> ResponseReturnValue:
    """The complaint of whoever is signed in."""
    return _taken(signed_in=True)


@pages.post("/my/complaints/<int:complaint_id>/objection")
@only_for("person", "employer")
def object_to(complaint_id: int) -> ResponseReturnValue:
    """My one objection to the answer."""
    outcome = complaints.object_to_answer(office(), actor(), complaint_id, why=_text("why"))
    if isinstance(outcome, Refusal):
        return _mine(refusal=outcome)
    flash(outcome.message, "success")
    return redirect("/my/complaints", code=303)


@pages.get("/complaints")
@only_for("staff")
def index() -> ResponseReturnValue:
    """The complaints in one's reach, newest first."""
    asked = request.args
    found = complaint_lists.complaint_list(
        office(), actor(), status=asked.get("status", ""), cursor=asked.get("cursor", "")
    )
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("complaints.html", found=found, states=complaint_lists.STATES)


@pages.get("/complaints/new")
@only_for("staff")
def counter_form() -> ResponseReturnValue:
    """The form by which a clerk enters what was said at the counter, by telephone or in a letter."""
    return _form({}, {})


@pages.post("/complaints")
@only_for("staff")
def counter() -> ResponseReturnValue:
    """The complaint, entered at the counter."""
    return _taken(signed_in=True)


@pages.get("/complaints/<int:complaint_id>")
@only_for("staff")
def one(complaint_id: int) -> ResponseReturnValue:
    """One complaint with who made it."""
    found = complaint_lists.complaint_file(office(), actor(), complaint_id)
    if isinstance(found, Refusal):
        return refused(found)
    return render_template("complaint.html", found=found, row=found.complaint)


def _taken(*, signed_in: bool) -> ResponseReturnValue:
    who = actor() if signed_in else None
    typed = {name: _text(name) for name in _TYPED}
    told = Told(
        kind=typed["kind"],
        text=typed["text"],
        about_staff=typed["about_staff"],
        name=typed["name"],
        reach=typed["reach"],
        channel=typed["channel"] if who is not None and who.kind == "staff" else "web",
    )
    made = complaints.complain(
        office(), who, told, region=typed["region"], of_case=typed["of_case"], visitor=visitor()
    )
    if isinstance(made, FieldFaults):
        return _form(typed, made.faults), 422
    if isinstance(made, Refusal):
        return _form(typed, {}, refusal=made), status_of(made)
    flash(made.message, "success")
    cookie[_CODE] = (made.case_key, made.code)
    return redirect("/complain/taken", code=303)


def _form(typed: Mapping[str, str], faults: Mapping[str, Reason], *, refusal: Refusal | None = None) -> str:
    who = actor_or_none()
    own = my_cases(office(), who).rows if who is not None and who.kind in ("person", "employer") else ()
    return render_template(
        "complain.html",
        typed=typed,
        faults=faults,
        refusal=refusal,
        kinds=KIND_NAMES,
        channels={key: CHANNEL_NAMES[key] for key in AT_THE_COUNTER},
        regions=complaints.served(office(), who or SYSTEM),
        home=office().settings.region,
        own_cases=own,
        longest=TEXT_MAX,
    )


def _mine(*, refusal: Refusal | None = None) -> ResponseReturnValue:
    found = complaints.my_complaints(office(), actor())
    if isinstance(found, Refusal):
        return refused(found)
    page = render_template("my_complaints.html", found=found, refusal=refusal)
    return page, status_of(refusal) if refusal else 200


def _looked_up(code: str, *, refusal: Refusal | None = None) -> ResponseReturnValue:
    found: ComplaintView | Refusal = complaints.complaint_by_code(office(), code, visitor=visitor())
    if isinstance(found, Refusal):
        return render_template("complaint_look_up.html", found=None, refusal=found, code=code), status_of(
            found
        )
    page = render_template("complaint_look_up.html", found=found, refusal=refusal, code=code)
    return page, status_of(refusal) if refusal else 200


def _text(name: str) -> str:
    return request.form.get(name, "").strip().replace("\0", "")
