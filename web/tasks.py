"""A task: its form, what is known, and what may be done with it. Staff, claimants and employers alike."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from engine.cases import inbox as cases
from engine.cases.phrases import phrases
from engine.cases.views import Done, TaskView
from engine.values import Reason, Refusal, TaskId
from engine.workflow.forms import FormErrors
from web.errors import refused, status_of
from web.forms import draw, flat, posted
from web.language import chosen, in_chinese
from web.session import actor, office, only_for
from web.welcome import HOME

tasks = Blueprint("tasks", __name__, url_prefix="/tasks")

Fields = Mapping[str, str | list[str]]


@tasks.get("/<task_id>")
@only_for("staff", "person", "employer")
def show(task_id: str) -> ResponseReturnValue:
    """The task page."""
    return _page(TaskId(task_id))


@tasks.post("/<task_id>/claim")
@only_for("staff", "person", "employer")
def claim(task_id: str) -> ResponseReturnValue:
    """Take the task; then show it."""
    return _after(cases.claim_task(office(), actor(), TaskId(task_id)), to=f"/tasks/{task_id}")


@tasks.post("/<task_id>/release")
@only_for("staff", "person", "employer")
def release(task_id: str) -> ResponseReturnValue:
    """Give the task back to everybody of the duty."""
    return _after(cases.release_task(office(), actor(), TaskId(task_id)), to=HOME[actor().kind])


@tasks.post("/<task_id>/draft")
@only_for("staff", "person", "employer")
def draft(task_id: str) -> ResponseReturnValue:
    """Keep what was typed, however incomplete."""
    fields = posted(request.form)
    outcome = cases.save_draft(office(), actor(), TaskId(task_id), fields)
    if isinstance(outcome, Refusal):
        return _page(TaskId(task_id), typed=fields, refusal=outcome)
    return _after(outcome, to=f"/tasks/{task_id}")


@tasks.post("/<task_id>")
@only_for("staff", "person", "employer")
def complete(task_id: str) -> ResponseReturnValue:
    """Hand the task in; errors and refusals keep what was typed."""
    fields = posted(request.form)
    outcome = cases.complete_task(office(), actor(), TaskId(task_id), fields)
    if isinstance(outcome, FormErrors):
        return _page(TaskId(task_id), typed=fields, errors=outcome)
    if isinstance(outcome, Refusal):
        return _page(TaskId(task_id), typed=fields, refusal=outcome)
    return _after(outcome, to=HOME[actor().kind])


def _after(outcome: Done | Refusal, *, to: str) -> ResponseReturnValue:
    if isinstance(outcome, Refusal):
        return refused(outcome)
    flash(outcome.message, "success")
    return redirect(to, code=303)


def _page(
    task_id: TaskId,
    *,
    typed: Fields | None = None,
    errors: FormErrors | None = None,
    refusal: Refusal | None = None,
) -> ResponseReturnValue:
    view = cases.task_view(office(), actor(), task_id)
    if isinstance(view, Refusal):
        return refused(refusal or view)
    status = status_of(refusal) if refusal else 422 if errors else 200
    return _rendered(view, typed=typed, errors=errors, reasons=refusal.reasons if refusal else ()), status


def _rendered(
    view: TaskView, *, typed: Fields | None, errors: FormErrors | None, reasons: tuple[Reason, ...]
) -> str:
    fields = draw(
        view.form,
        values=view.values if typed is None else {**view.values, **typed},
        errors=errors.errors if errors else {},
        english=chosen() == "en",
    )
    # a form says in English what its task is called; the diagram says it in Chinese
    english = view.form.english.get("title") if chosen() == "en" else None
    layout = "task.html" if actor().kind == "staff" else "task_simple.html"
    return render_template(
        layout,
        task=view,
        name=english or in_chinese(view.row.name),
        fields=fields,
        every_field=list(flat(fields)),
        reasons=reasons,
        phrases=phrases(office(), actor()) if layout == "task.html" else None,
    )
