"""Second opinions on an open task: asked for before or after its completion (加签), taken away (减签), given.

A signature before is a condition of completing; whoever disagrees is on record beside the holder, who decides.
A signature after holds what the holder entered until the last one agrees; a disagreement returns it to them.
Whoever signs has a hand in the case, with the duty that they signed with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.desk_tables import TaskSigner
from engine.cases.hands import AtTask, refuse_empty, staff_of, standing, stream_of
from engine.cases.inbox import complete_now
from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.cases.task_rules import question_for, ready_to, waiting_signers
from engine.cases.views import Done
from engine.duties import covers, hands_on, held_by, reload_actor
from engine.store.actions import Action
from engine.values import Actor, Reason, Refusal, RefusedError
from engine.workflow.forms import FormErrors
from engine.workflow.tables import WorkflowHistory

Place = Literal["before", "after"]
Opinion = Literal["agree", "disagree"]

_APART = "加签人须具备与本环节相容的岗位，且不是办理人（鲁人社函〔2020〕10号（八）：岗位相互监督）"


def add_signer(
    office: Office, actor: Actor, task_id: str, *, signer: str, place: Place, why: str
) -> Done | Refusal:
    """The colleague (login) is asked to sign before or after; whoever asks holds the task from now on."""

    def work(session: Session) -> Done:
        at = ready_to(session, office, actor, task_id, "add_signer")
        reason = refuse_empty(why, "加签事由")
        asked = staff_of(session, office, signer)
        had, at.task.assignee = at.task.assignee, at.task.assignee or actor.key
        ask(at, asked, place=place, why=reason, asked_by=actor.key)
        at.note(
            Action.TASK_SIGNER_ADDED,
            before={"assignee": had},
            after={"assignee": at.task.assignee, "signer": asked.key, "place": place},
            why=reason,
        )
        return at.done(f"已请{asked.name}{_PLACES[place]}：{at.task.name}")

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def remove_signer(office: Office, actor: Actor, task_id: str, *, signer: str) -> Done | Refusal:
    """The colleague (login) is asked no more. Nobody who ever signed this task is taken away again.

    Where the completion waits for them it goes back to the holder.
    """

    def work(session: Session) -> Done:
        at = ready_to(session, office, actor, task_id, "remove_signer")
        asked = staff_of(session, office, signer)
        question = next((each for each in at.signers if each.signer == asked.key), None)
        if question is None or _ever_signed(at, asked.key):
            raise RefusedError(
                Reason(
                    code="not_removable",
                    text=f"{asked.name}未被加签，或已签署意见，不能减签",
                    text_en=f"{asked.name} was not asked, or has signed already.",
                    fact=asked.key,
                )
            )
        question.ended_at = office.clock()
        at.note(
            Action.TASK_SIGNER_REMOVED,
            before={"signer": asked.key, "place": question.place},
            after={"signer": None},
        )
        if question.place == "after" and at.held is not None:
            _return(at, f"已减签{asked.name}")
        return at.done(f"已减签{asked.name}")

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def sign(office: Office, actor: Actor, task_id: str, *, opinion: Opinion, note: str = "") -> Done | Refusal:
    """The opinion of whoever was asked; who disagrees says why.

    With the last agreement after completion, what the holder entered is carried out with the holder as actor, in this
    transaction: duty, four eyes, the version of the diagram and its form are judged anew at this moment. Where they no
    longer allow it, the signature stands and the task is the holder's again, with the reason.
    """

    def work(session: Session) -> Done:
        at = ready_to(session, office, actor, task_id, "sign")
        question = question_for(at)
        assert question is not None  # noqa: S101 - ready_to asked the same
        words = (
            refuse_empty(note, "不同意的理由", code="note_missing") if opinion != "agree" else note.strip()
        )
        duty = _signing_duty(at, actor)
        question.opinion, question.note, question.signed_at = opinion, words, office.clock()
        said = {"opinion": opinion, "note": words, "place": question.place}
        at.leave_hand("signed", actor.key, said, duty=duty)
        at.note(Action.TASK_SIGNED, before={"opinion": ""}, after={**said, "duty": duty}, why=words)
        message = f"已签署“{_OPINIONS[opinion]}”：{at.task.name}"
        told = _settle(at, opinion, words) if question.place == "after" else ""
        return at.done("；".join(filter(None, (message, told))))

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def take_back_completion(office: Office, actor: Actor, task_id: str) -> Done | Refusal:
    """What was handed in and waits for signatures is the holder's again, to be changed and handed in anew."""

    def work(session: Session) -> Done:
        at = ready_to(session, office, actor, task_id, "take_back")
        _return(at, "办理人撤回提交")
        return at.done(f"已撤回提交：{at.task.name}")

    return attempt(office, actor, work, subject=f"task:{task_id}", stream=stream_of(office, task_id))


def ask(at: AtTask, signer: Actor, *, place: str, why: str, asked_by: str) -> None:
    """The question put to them; RefusedError where they may not sign this task or were asked already."""
    row = at.session.scalar(
        select(TaskSigner).where(TaskSigner.task_id == at.task.id, TaskSigner.signer == signer.key)
    )
    if row is not None and row.ended_at is None:
        raise RefusedError(_asked_already(signer))
    _signing_duty(at, signer)
    if row is None:
        row = TaskSigner(task_id=at.task.id, case_id=at.case.id, signer=signer.key)
        at.session.add(row)
    row.place, row.asked_by, row.asked_at, row.why = place, asked_by, at.office.clock(), why
    row.opinion, row.note, row.signed_at, row.ended_at = "", "", None, None
    at.session.flush()


def against_signer(at: AtTask, signer: Actor) -> tuple[Reason, ...]:
    """Why they may not be asked to sign the task; empty when they may."""
    if any(each.signer == signer.key for each in at.signers):
        return (_asked_already(signer),)
    try:
        _signing_duty(at, signer)
    except RefusedError as no:
        return no.refusal.reasons
    return ()


def _asked_already(signer: Actor) -> Reason:
    return Reason(
        code="asked_already",
        text=f"已请{signer.name}加签",
        text_en=f"{signer.name} was asked already.",
        fact=signer.key,
    )


def _signing_duty(at: AtTask, signer: Actor) -> str:
    """The duty with which they sign: their own post in the region, compatible with the step and their hands so far.

    RefusedError with why there is none. The duty of the step itself comes first.
    """
    session, office, task = at.session, at.office, at.task
    if signer.key in {task.assignee, task.owner} | (at.names - {at.actor.key}):
        raise RefusedError(_apart(signer))
    own = {
        post.duty
        for post in held_by(session, signer, office.today)
        if covers(post.region_code, task.region_code) and post.duty in office.duties.duties
    }
    # whoever did what the step may not be combined with does not sign it under another duty either
    before = {duty for _, duty in hands_on(session, at.case.id, (signer.key,))} & set(office.duties.duties)
    against: list[Reason] = []
    for duty in sorted(own, key=lambda duty: (duty != task.duty, duty)):
        clashes = (office.duties.same_case(each, task.duty) for each in sorted({duty, *before}))
        principal, reasons = standing(session, office, signer, task, at.case, at.version, duty=duty)
        found = [*filter(None, clashes), *reasons, *([_apart(signer)] if principal else [])]
        if not found:
            return duty
        against += found
    raise RefusedError(*(dict.fromkeys(against) or [_apart(signer)]))


def _apart(signer: Actor) -> Reason:
    return Reason(
        code="signer_not_eligible",
        text=f"{signer.name}不能加签：须在本地区任与本环节相容的岗位，且不是办理人、委派人或其代理人",
        text_en=f"{signer.name} may not sign: a compatible post in the region is needed, and not who does the step.",
        fact=signer.key,
        source=_APART,
        verified=False,
    )


def _settle(at: AtTask, opinion: Opinion, words: str) -> str:
    """What comes of a signature after: wait for the others, return to the holder, or carry out; in words."""
    if opinion == "disagree":
        _return(at, words)
        return "已退回办理人"
    if waiting_signers(at, "after"):
        return ""
    return _carry_out(at)


def _carry_out(at: AtTask) -> str:
    held = at.held
    assert held is not None  # noqa: S101 - only then is a signature after asked for
    fields, holder_key = orjson.loads(held.fields), held.actor
    at.task.draft = held.fields
    at.session.delete(held)
    at.session.flush()
    try:
        # a completion that is no longer allowed must not undo the signature
        with at.session.begin_nested():
            return _completed(at, holder_key, fields)
    except RefusedError as no:
        at.note(Action.TASK_COMPLETION_RETURNED, after={"holder": holder_key}, why=no.refusal.text)
        return f"但原办理内容现已不能办结，已退回办理人：{no.refusal.text}"


def _completed(at: AtTask, holder_key: str, fields: Mapping[str, str | list[str]]) -> str:
    holder = _holder(at, holder_key)
    done = complete_now(ready_to(at.session, at.office, holder, at.task.id, "complete"), fields)
    if not isinstance(done, FormErrors):
        return done.message
    raise RefusedError(
        Reason(
            code="form_changed",
            text="表单已变更，原填写内容不再有效，请重新办理",
            text_en="The form has changed; what was entered no longer fits.",
        )
    )


def _holder(at: AtTask, key: str) -> Actor:
    holder = reload_actor(at.session, int(key.removeprefix("staff:")), at.office.today)
    if holder is None:
        raise RefusedError(
            Reason(code="actor_gone", text="原办理人已不在岗", text_en="The holder is gone.", fact=key)
        )
    return holder


def _return(at: AtTask, why: str) -> None:
    """What the holder entered is theirs again as a draft."""
    held = at.held
    assert held is not None  # noqa: S101 - asked before
    at.task.draft = held.fields
    at.session.delete(held)
    at.note(Action.TASK_COMPLETION_RETURNED, after={"holder": held.actor}, why=why)


def _ever_signed(at: AtTask, key: str) -> bool:
    signed = select(WorkflowHistory.id).where(
        WorkflowHistory.case_id == at.case.id,
        WorkflowHistory.element_id == at.task.element_id,
        WorkflowHistory.kind == "signed",
        WorkflowHistory.actor == key,
        WorkflowHistory.at >= at.task.created_at,
    )
    return at.session.scalar(signed.limit(1)) is not None


_PLACES = {"before": "前加签", "after": "后加签"}
_OPINIONS = {"agree": "同意", "disagree": "不同意"}
