"""The catalogue: every operation that a diagram may call, with what it needs and provides.

An operation is a plain function ``(desk, *, name: type, …) -> dict``. Its keyword parameters are
matched by name from the case's data; a default makes one optional.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.tasks.desk import Desk
from engine.values import Reason, Refusal, RefusedError

T = TypeVar("T")

#: operation functions have different keyword parameters; the catalogue matches them by name
Operate = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One entry of the catalogue."""

    name: str
    #: what analysts and case pages call it
    title: str
    #: names in the case's data without which it cannot run
    needs: tuple[str, ...]
    #: names that it uses where they are there
    uses: tuple[str, ...]
    #: names that it writes into the case's data
    provides: tuple[str, ...]
    #: kinds of letter that it writes to whom the case is about
    letters: tuple[str, ...]
    act: Operate

    def __call__(self, desk: Desk, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Carry it out with the case's data; MissingDataError names what is not there."""
        missing = [name for name in self.needs if name not in data]
        if missing:
            raise MissingDataError(self.name, missing)
        wanted = [name for name in self.needs + self.uses if name in data]
        provided = self.act(desk, **{name: data[name] for name in wanted})
        unknown = set(provided) - set(self.provides)
        assert not unknown, (self.name, unknown)  # noqa: S101 - a defect of the operation
        return provided


class MissingDataError(Exception):
    """An operation was reached before an earlier step provided what it needs."""

    retryable = False

    def __init__(self, operation: str, missing: list[str]) -> None:
        self.operation, self.missing = operation, missing
        super().__init__(f"操作 {operation} 缺少数据：{'、'.join(missing)}；请检查流程图中它之前的环节")


CATALOGUE: dict[str, Operation] = {}


def operation(
    name: str, *, title: str, provides: tuple[str, ...] = (), letters: tuple[str, ...] = ()
) -> Callable[[Operate], Operate]:
    """Put a function into the catalogue under the name that diagrams use as topic."""

    def register(act: Operate) -> Operate:
        parameters = list(inspect.signature(act).parameters.values())[1:]
        assert name not in CATALOGUE, name  # noqa: S101 - two operations of one name
        CATALOGUE[name] = Operation(
            name=name,
            title=title,
            needs=tuple(p.name for p in parameters if p.default is p.empty),
            uses=tuple(p.name for p in parameters if p.default is not p.empty),
            provides=provides,
            letters=letters,
            act=act,
        )
        return act

    return register


def refuse(code: str, text: str, *, source: str = "", fact: str = "", text_en: str = "") -> RefusedError:
    """The refusal of an operation, ready to be raised."""
    return RefusedError(Reason(code=code, text=text, text_en=text_en, source=source, fact=fact))


def granted(outcome: T | Refusal) -> T:
    """The law's answer; RefusedError with its reasons when the law said no."""
    if isinstance(outcome, Refusal):
        raise RefusedError(*outcome.reasons)
    return outcome


def refuse_unverified(desk: Desk, reasons: Iterable[Mapping[str, Any]]) -> None:
    """In production nothing is paid on a figure that the bureau has not confirmed: RefusedError names them."""
    if not desk.production:
        return
    waiting = [str(reason["parameter"]) for reason in reasons if not reason["verified"]]
    if waiting:
        raise refuse(
            "unverified_parameter",
            f"用到尚未确认的参数，生产模式下不得支付：{'、'.join(waiting)}",
            text_en="Figures that await the bureau's confirmation pay nothing in production.",
            source="未确认的参数须由主管部门签认（processes/policy）",
        )
