"""Which steps of a case still stand when some are done anew. One rule, for publishing and for running.

A step done anew voids everything that was done since it was first done. Being sent back voids at once, before
anything is done anew, what lies ahead again. Called by ``controls`` for every path of a diagram, and by
``going_back`` and the cases for the history of one.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, TypeVar


class Done(Protocol):
    """A step that somebody completed."""

    @property
    def element_id(self) -> str:
        """The element of the diagram."""


D = TypeVar("D", bound=Done)


def with_completion(done: tuple[D, ...], new: D) -> tuple[D, ...]:
    """The steps that stand, in order, once the new one is completed."""
    for place, earlier in enumerate(done):
        if earlier.element_id == new.element_id:
            return (*done[:place], new)
    return (*done, new)


def without(done: tuple[D, ...], element_id: str, voids: Collection[str]) -> tuple[D, ...]:
    """The steps that stand once the case was sent back to the element.

    Of what was done since it was first done, the element's own completion and the voided ones go: those that may
    be done again before what stays moves. What was done meanwhile on a branch that stays is not asked for again,
    and stands.
    """
    for place, earlier in enumerate(done):
        if earlier.element_id == element_id:
            since = (each for each in done[place:] if each.element_id not in {element_id, *voids})
            return (*done[:place], *since)
    return done
