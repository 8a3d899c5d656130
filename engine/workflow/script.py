"""What the engine asks while it runs a diagram: values, operations, decisions and the time.

:class:`ScriptEngine` takes the place of SpiffWorkflow's own engine, which would execute Python written in a
diagram. Everything goes through ``expressions``; the clock, the operations and the decisions are handed in.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from SpiffWorkflow.bpmn.exceptions import WorkflowTaskException
from SpiffWorkflow.bpmn.script_engine import BasePythonScriptEngineEnvironment, PythonScriptEngine

from engine.workflow.expressions import ExpressionError, compile_expression, compile_script
from engine.workflow.vocabulary import VOTES

#: the office's own time; a day ends at 23:59:59 here
OFFICE_TIME = timezone(timedelta(hours=8), "+08:00")

Functions = Mapping[str, Callable[..., Any]]
Call = Callable[[str, dict[str, Any]], Mapping[str, Any]]

_DURATION = re.compile(
    r"P(?=.)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*")
_CYCLE = re.compile(r"R\d*/.+")
#: meant as a time, well written or not; anything else is an expression
_LITERAL = re.compile(r"P[-\d.,TYMWDHS]*|R\d*/.*|\d[-\d:.TZWD+ /]*")
#: longest wait that a diagram may ask for
_MAX_YEARS = 100

# the library tests each logger's own level; unset it dumps every state change (a third of the run time)
for _name in ("spiff", "spiff.task", "spiff.workflow", "spiff.data", "spiff.metrics"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class TimerError(Exception):
    """A timer's value is no day, instant or duration."""

    retryable = False


class StepError(WorkflowTaskException):  # type: ignore[misc]
    """A step of a case could not be carried out; ``exception`` is why, ``task_spec`` is where."""

    retryable = False

    def __init__(self, task: Any, exception: Exception) -> None:
        self.exception = exception
        self.retryable = bool(getattr(exception, "retryable", False))
        super().__init__(str(exception), task=task, exception=exception)


class ScriptEngine(PythonScriptEngine):  # type: ignore[misc]
    """The language, operations, decisions and clock of one step of one case."""

    def __init__(
        self,
        functions: Functions,
        call: Call,
        decide: Call,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(_Language(functions))
        self._functions = functions
        self._call = call
        self._decide = decide
        self._now = now

    @classmethod
    def idle(cls) -> ScriptEngine:
        """An engine for a workflow that is only built or restored; asking it anything is a defect."""
        return cls({}, _nothing, _nothing, _no_time)

    def now(self) -> datetime:
        """The instant of the step, in UTC."""
        return self._now().astimezone(UTC)

    def validate(self, expression: str) -> None:
        """Raise ExpressionError unless the text is an expression."""
        compile_expression(expression)

    def evaluate(self, task: Any, expression: str, external_context: Mapping[str, Any] | None = None) -> Any:
        """The value of the expression over the task's data. Raises StepError."""
        data = {**external_context, **task.data} if external_context else task.data
        try:
            return compile_expression(str(expression)).evaluate(data, self._functions)
        except ExpressionError as error:
            raise self._located(task, error) from error

    def holds(self, task: Any, condition: str) -> bool:
        """Whether the condition is true; anything but true, false or null is refused with StepError."""
        value = self.evaluate(task, condition)
        if value is None or isinstance(value, bool):
            return bool(value)
        wrong = ExpressionError(f"条件的结果要是“是/否”，得到的是 {value!r}，请写成比较：{condition}")
        raise self._located(task, wrong)

    def passes(self, task: Any, condition: str, counts: Mapping[str, int], votes: Callable[..., int]) -> bool:
        """Whether the completion condition of a round holds; it may ask for counts and votes. Raises StepError."""
        try:
            value = compile_expression(condition).evaluate(
                {**task.data, **counts}, {**self._functions, VOTES: votes}
            )
        except ExpressionError as error:
            raise self._located(task, error) from error
        return value is True

    def execute(self, task: Any, script: str, external_context: Mapping[str, Any] | None = None) -> bool:
        """Carry out the script's assignments on the task's data, all or none. Raises StepError."""
        data = {**external_context, **task.data} if external_context else task.data
        try:
            task.data.update(compile_script(script).execute(data, self._functions))
        except ExpressionError as error:
            raise self._located(task, error) from error
        return True

    def call_operation(self, task: Any, topic: str, parameters: Mapping[str, str]) -> None:
        """Call the operation with the case's data; what it provides is merged into them."""
        given = {name: self.parameter(task, text) for name, text in parameters.items()}
        task.data.update(_guarded(task, self._call, topic, {**task.data, **given}))

    def decide(self, task: Any, decision: str) -> dict[str, Any]:
        """The outputs of the decision over the case's data."""
        return dict(_guarded(task, self._decide, decision, dict(task.data)))

    def parameter(self, task: Any, text: str) -> Any:
        """The value of a parameter: an expression in ``${…}``, else the text as it stands."""
        return self.evaluate(task, text) if text[:2] in ("${", "#{") else text

    def call_service(self, task: Any, **_kwargs: Any) -> Any:
        """Refused: diagrams reach the outside by operations of the catalogue only."""
        raise self._located(task, ExpressionError("只能调用目录中的操作"))

    @staticmethod
    def _located(task: Any, error: ExpressionError) -> StepError:
        error.element = str(task.task_spec.bpmn_id or task.task_spec.name)
        return StepError(task, error)


class _Language(BasePythonScriptEngineEnvironment):  # type: ignore[misc]
    """The same language for the places where the library asks its environment directly."""

    def __init__(self, functions: Functions) -> None:
        super().__init__({})
        self._functions = functions

    def evaluate(
        self, expression: str, context: Mapping[str, Any], external_context: Mapping[str, Any] | None = None
    ) -> Any:
        return compile_expression(str(expression)).evaluate(
            {**(external_context or {}), **context}, self._functions
        )

    def execute(
        self, script: str, context: dict[str, Any], external_context: Mapping[str, Any] | None = None
    ) -> bool:
        context.update(
            compile_script(script).execute({**(external_context or {}), **context}, self._functions)
        )
        return True


def instant_of(text: str) -> datetime:
    """The instant written as an ISO day or instant; a day means its end and no offset means +08:00.

    Raises TimerError.
    """
    text = text.strip()
    try:
        if _DAY.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time(23, 59, 59), OFFICE_TIME)
        if _INSTANT.fullmatch(text):
            found = datetime.fromisoformat(text)
            return found if found.tzinfo else found.replace(tzinfo=OFFICE_TIME)
    except ValueError as wrong:
        raise TimerError(f"没有这一天或这一刻：{text}") from wrong
    raise TimerError(f"时间写法不对：{text}（例：2026-12-01、2026-12-01T09:00+08:00）")


def due_instant(value: object, now: datetime) -> datetime:
    """When a timer of that value fires, in UTC: a day's end, an instant, or a duration from now.

    Months are calendar months of the office's time. Raises TimerError.
    """
    if not isinstance(value, str):
        raise TimerError(f"定时要的是日期、时刻或时长，得到的是 {value!r}")
    text = value.strip()
    if not text.startswith("P"):
        return instant_of(text).astimezone(UTC)
    return _after(text, now.astimezone(OFFICE_TIME)).astimezone(UTC)


def cycle_of(value: object, now: datetime) -> tuple[int, datetime, timedelta]:
    """(times, first instant, interval) of ``R3/PT10M`` or ``R3/2026-12-01T09:00/PT10M``; −1 is without end.

    Raises TimerError.
    """
    parts = str(value).split("/")
    if not _CYCLE.fullmatch(str(value)) or len(parts) > 3:
        raise TimerError(f"循环定时写法不对：{value}（例：R3/PT10M）")
    times = int(parts[0][1:] or -1)
    interval = _after(parts[-1], now) - now
    first = due_instant(parts[1], now) if len(parts) == 3 else now + interval
    return times, first.astimezone(UTC), interval


def timer_expression(text: str) -> str:
    """The timer as an expression: a written time is put in quotation marks, anything else stays as it is."""
    text = text.strip()
    return f'"{text}"' if _LITERAL.fullmatch(text) else text


def _after(text: str, now: datetime) -> datetime:
    match = _DURATION.fullmatch(text)
    if not match:
        raise TimerError(f"时长写法不对：{text}（例：P5D 五天，PT2H 两小时，P1M 一个月）")
    part = {name: int(number or 0) for name, number in match.groupdict().items()}
    months = part["years"] * 12 + part["months"]
    days = part["weeks"] * 7 + part["days"]
    seconds = (part["hours"] * 60 + part["minutes"]) * 60 + part["seconds"]
    if months > _MAX_YEARS * 12 or days > _MAX_YEARS * 366 or seconds > _MAX_YEARS * 366 * 86_400:
        raise TimerError(f"时长太长：{text}（最多{_MAX_YEARS}年）")
    return _months_later(now, months) + timedelta(days=days, seconds=seconds)


def _months_later(instant: datetime, months: int) -> datetime:
    """The same day so many months later; the month's last day where there is no such day."""
    index = instant.year * 12 + instant.month - 1 + months
    year, month = index // 12, index % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return instant.replace(year=year, month=month, day=min(instant.day, last))


def _guarded(task: Any, ask: Call, name: str, data: dict[str, Any]) -> Mapping[str, Any]:
    try:
        return ask(name, data)
    except Exception as error:
        raise StepError(task, error) from error


def _nothing(name: str, _data: dict[str, Any]) -> Mapping[str, Any]:
    raise AssertionError(f"an idle engine was asked for {name}")


def _no_time() -> datetime:
    raise AssertionError("an idle engine was asked for the time")
