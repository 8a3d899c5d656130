"""What staff do with a task or a case beside completing it: one small page for each action, with and without script.

The task page offers what its use-case says the actor may do; a POST made by hand meets the same use-case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext
from werkzeug.datastructures import MultiDict

from engine.cases import files, handing, inbox, pausing, sending_back, signing, telling
from engine.cases.office import Office
from engine.cases.phrases import phrases
from engine.cases.views import Done
from engine.values import Actor, CaseId, Refusal
from web.errors import refused, status_of, trouble
from web.session import actor, office, only_for

actions = Blueprint("actions", __name__)

Typed = MultiDict[str, str]
Outcome = Done | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One action: its words, and the use-case with what was typed."""

    title: Any
    #: what it does, in a sentence for whoever is about to do it
    hint: Any
    button: Any
    carry_out: Callable[[Office, Actor, Any, Typed], Outcome]
    #: where to go then: ``task``, ``case``, ``inbox``
    then: str = "task"
    danger: bool = False
    #: asks for one of the colleagues who may have the task
    picks: bool = False


def _why(typed: Typed) -> str:
    return typed.get("why", "")


TASK_ACTS: Mapping[str, Act] = {
    "send_back": Act(
        title=lazy_gettext("退回"),
        hint=lazy_gettext("退回到先前的环节。那一步以来的意见和控制自退回起失效，须重新办理。"),
        button=lazy_gettext("退回"),
        carry_out=lambda o, a, t, f: sending_back.send_back(
            o, a, t, to=f.get("to", ""), why=_why(f), resume=f.get("resume") == "yes"
        ),
        then="inbox",
        danger=True,
    ),
    "recall": Act(
        title=lazy_gettext("撤回"),
        hint=lazy_gettext("撤回自己刚办结的这一步。后面已有人办理的，不能撤回。"),
        button=lazy_gettext("撤回"),
        carry_out=lambda o, a, t, f: sending_back.recall(o, a, t, why=_why(f)),
        then="case",
    ),
    "hand_over": Act(
        title=lazy_gettext("转办"),
        hint=lazy_gettext("任务从此由同事办理。不相容的岗位和本案中已办过不相容环节的人不能接。"),
        button=lazy_gettext("转办"),
        carry_out=lambda o, a, t, f: handing.hand_over(o, a, t, to=f.get("to", ""), why=_why(f)),
        then="inbox",
        picks=True,
    ),
    "delegate": Act(
        title=lazy_gettext("委派"),
        hint=lazy_gettext("请同事先办，办好交回，由您办结。同事的办理记入本案。"),
        button=lazy_gettext("委派"),
        carry_out=lambda o, a, t, f: handing.delegate(o, a, t, to=f.get("to", ""), why=_why(f)),
        then="inbox",
        picks=True,
    ),
    "give_back": Act(
        title=lazy_gettext("交回"),
        hint=lazy_gettext("把委派的任务交回委派人，附上办理意见。"),
        button=lazy_gettext("交回"),
        carry_out=lambda o, a, t, f: handing.give_back(o, a, t, note=_why(f)),
        then="inbox",
    ),
    "add_signer": Act(
        title=lazy_gettext("加签"),
        hint=lazy_gettext(
            "请同事签署意见。前加签在您提交之前，后加签在您提交之后、案件继续之前。签署记入本案。"
        ),
        button=lazy_gettext("加签"),
        carry_out=lambda o, a, t, f: signing.add_signer(
            o,
            a,
            t,
            signer=f.get("to", ""),
            place="after" if f.get("place") == "after" else "before",
            why=_why(f),
        ),
        picks=True,
    ),
    "sign": Act(
        title=lazy_gettext("签署意见"),
        hint=lazy_gettext("您被请加签。意见和姓名记入本案，以后不能再办与之不相容的环节。"),
        button=lazy_gettext("签署"),
        carry_out=lambda o, a, t, f: _sign(o, a, t, f),
        then="inbox",
    ),
    "take_back": Act(
        title=lazy_gettext("撤回提交"),
        hint=lazy_gettext("提交正在等待后加签。撤回后可以修改，再次提交。"),
        button=lazy_gettext("撤回提交"),
        carry_out=lambda o, a, t, _f: signing.take_back_completion(o, a, t),
    ),
    "remove_signer": Act(
        title=lazy_gettext("减签"),
        hint=lazy_gettext("不再请这位同事签署。已签署的不能减。"),
        button=lazy_gettext("减签"),
        carry_out=lambda o, a, t, f: signing.remove_signer(o, a, t, signer=f.get("to", "")),
    ),
    "urge": Act(
        title=lazy_gettext("催办"),
        hint=lazy_gettext("给承办人发一条催办通知；没有承办人的，通知该岗位。"),
        button=lazy_gettext("催办"),
        carry_out=lambda o, a, t, f: telling.urge(o, a, t, note=_why(f)),
    ),
}

CASE_ACTS: Mapping[str, Act] = {
    "copy": Act(
        title=lazy_gettext("抄送"),
        hint=lazy_gettext("请同事知悉本案。抄送不增加任何人的权限，只能抄送给本来可以查看的人。"),
        button=lazy_gettext("抄送"),
        carry_out=lambda o, a, c, f: telling.copy_case(
            o, a, c, readers=_logins(f.get("to", "")), note=_why(f)
        ),
    ),
    "pause": Act(
        title=lazy_gettext("挂起"),
        hint=lazy_gettext("挂起后不能办理，期限停止计算；恢复时按停止的工作日顺延。"),
        button=lazy_gettext("挂起"),
        carry_out=lambda o, a, c, f: pausing.pause_case(o, a, c, why=_why(f), source=f.get("source", "")),
        danger=True,
    ),
    "resume": Act(
        title=lazy_gettext("恢复"),
        hint=lazy_gettext("案件继续办理，期限按停止的工作日顺延。"),
        button=lazy_gettext("恢复"),
        carry_out=lambda o, a, c, f: pausing.resume_case(o, a, c, why=_why(f)),
    ),
    "terminate": Act(
        title=lazy_gettext("终止"),
        hint=lazy_gettext("案件到此为止，理由和救济途径告知当事人。不能恢复。"),
        button=lazy_gettext("终止案件"),
        carry_out=lambda o, a, c, f: pausing.terminate_case(o, a, c, why=_why(f)),
        danger=True,
    ),
}


@actions.get("/tasks/<task_id>/do/<action>")
@only_for("staff")
def ask(task_id: str, action: str) -> ResponseReturnValue:
    """What the action needs; refused at once where the actor may not do it."""
    return _task_page(task_id, action, MultiDict())


@actions.post("/tasks/<task_id>/do/<action>")
@only_for("staff")
def act(task_id: str, action: str) -> ResponseReturnValue:
    """Do it; a refusal keeps what was typed."""
    wanted = TASK_ACTS.get(action)
    if wanted is None:
        return trouble(404)
    outcome = wanted.carry_out(office(), actor(), task_id, request.form)
    if isinstance(outcome, Refusal):
        return _task_page(task_id, action, request.form, refusal=outcome)
    flash(outcome.message, "success")
    to = {"task": f"/tasks/{task_id}", "case": f"/cases/{outcome.case_id}", "inbox": "/inbox"}[wanted.then]
    return redirect(to, code=303)


@actions.get("/cases/<int:case_id>/do/<action>")
@only_for("staff")
def ask_case(case_id: int, action: str) -> ResponseReturnValue:
    """What an action on the whole case needs."""
    return _case_page(case_id, action, MultiDict())


@actions.post("/cases/<int:case_id>/do/<action>")
@only_for("staff")
def act_case(case_id: int, action: str) -> ResponseReturnValue:
    """Do it with the whole case."""
    wanted = CASE_ACTS.get(action)
    if wanted is None:
        return trouble(404)
    outcome = wanted.carry_out(office(), actor(), case_id, request.form)
    if isinstance(outcome, Refusal):
        return _case_page(case_id, action, request.form, refusal=outcome)
    flash(outcome.message, "success")
    return redirect(f"/cases/{case_id}", code=303)


def _task_page(
    task_id: str, action: str, typed: Typed, *, refusal: Refusal | None = None
) -> ResponseReturnValue:
    wanted = TASK_ACTS.get(action)
    if wanted is None:
        return trouble(404)
    view = inbox.task_view(office(), actor(), task_id)
    if isinstance(view, Refusal):
        return refused(refusal or view)
    colleagues = _colleagues(task_id, action, wanted)
    earlier = sending_back.ways_back(office(), actor(), task_id) if action == "send_back" else ()
    against = next((each for each in (refusal, colleagues, earlier) if isinstance(each, Refusal)), None)
    if against is None and action not in view.can and action in view.why_not:
        against = Refusal(reasons=view.why_not[action])
    page = render_template(
        "action.html",
        action=action,
        act=wanted,
        task=view,
        case_id=view.row.case_id,
        back=f"/tasks/{task_id}",
        refusal=against,
        colleagues=() if isinstance(colleagues, Refusal) else colleagues,
        earlier=() if isinstance(earlier, Refusal) else earlier,
        phrases=phrases(office(), actor()),
        typed=typed,
    )
    return page, status_of(against) if against else 200


def _colleagues(task_id: str, action: str, wanted: Act) -> tuple[handing.Candidate, ...] | Refusal:
    if not wanted.picks:
        return ()
    # who signs may hold another duty than the task's
    return handing.candidates(
        office(), actor(), task_id, search=request.args.get("q", ""), to_sign=action == "add_signer"
    )


def _case_page(
    case_id: int, action: str, typed: Typed, *, refusal: Refusal | None = None
) -> ResponseReturnValue:
    wanted = CASE_ACTS.get(action)
    if wanted is None:
        return trouble(404)
    view = files.case_view(office(), actor(), CaseId(case_id))
    if isinstance(view, Refusal):
        return refused(refusal or view)
    page = render_template(
        "action.html",
        action=action,
        act=wanted,
        case=view,
        case_id=case_id,
        back=f"/cases/{case_id}",
        refusal=refusal,
        phrases=phrases(office(), actor()),
        typed=typed,
    )
    return page, status_of(refusal) if refusal else 200


def _sign(office: Office, actor: Actor, task_id: str, typed: Typed) -> Outcome:
    opinion: signing.Opinion = "agree" if typed.get("opinion") == "agree" else "disagree"
    return signing.sign(office, actor, task_id, opinion=opinion, note=_why(typed))


def _logins(text: str) -> list[str]:
    return [login for login in re.split(r"[\s,，;；、]+", text.strip()) if login]
