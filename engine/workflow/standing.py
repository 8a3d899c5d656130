"""Which steps of a case still stand when some are done anew. One rule, for publishing and for running.

Going back to a step voids everything that was done since it was first done, the step itself included.
Called by ``controls`` for every path of a diagram, and by the cases for the history of one.
"""

from __future__ import annotations

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
