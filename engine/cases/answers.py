"""One act for one key: what was answered to a write that carried an ``Idempotency-Key``, kept with the act itself.

Called by ``steps`` inside the transaction of the act, and by the API around acts that are several transactions.
The exact guarantee: docs/decisions/0006-api.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from engine.cases.answer_tables import KeptAnswer
from engine.cases.views import Done
from engine.store.db import Store

T = TypeVar("T")

#: a key that is older may mean another act
KEPT_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What went out: an HTTP status and a JSON text."""

    status: int
    body: str


@dataclass(slots=True, kw_only=True)
class Asked:
    """A write with its key, and how an act that was done is answered."""

    #: actor key
    caller: str
    key: str
    #: SHA-256 over method, path and body, hex
    request: str
    write: Callable[[object], Answer]
    #: what a use-case returns when it did what it was asked; anything else keeps nothing
    done: type = Done
    #: the transaction with the answer is committed
    kept: bool = False


class AnsweredError(Exception):
    """此请求先前已经办理：回复原来的答复。"""

    retryable = False

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(type(self).__doc__)


class KeyReusedError(Exception):
    """同一个 Idempotency-Key 已用于另一个请求。"""

    retryable = False


class UnderWayError(Exception):
    """同一个 Idempotency-Key 的请求正在办理。"""

    retryable = True


def once(store: Store, asked: Asked | None, work: Callable[[Session], T], *, now: datetime) -> T:
    """What `work` returns, in one committed transaction; where it did what was asked, with the answer in it.

    Raises AnsweredError where the same request was done before, KeyReusedError, UnderWayError. What is refused or
    faulty keeps nothing: nothing was done, and the same key may ask again.
    """
    if asked is None:
        with store.transaction() as session:
            return work(session)
    with store.transaction() as session:
        _take(session, asked)
        outcome = work(session)
        done = isinstance(outcome, asked.done)
        if done:
            _keep(session, asked, outcome, now=now)
    asked.kept = done
    return outcome


@contextmanager
def around(store: Store, asked: Asked, *, now: datetime) -> Iterator[Callable[[object], None]]:
    """Holds the key while an act of several transactions runs; the caller hands the outcome to what is yielded.

    The answer is kept after the act: whoever dies between the two leaves an act without an answer.
    """
    with store.transaction() as session:
        _take(session, asked)
        yield lambda outcome: _keep(session, asked, outcome, now=now)


def forget_old(session: Session, *, now: datetime) -> None:
    """Answers older than :data:`KEPT_DAYS` go; called by the sweep."""
    session.execute(delete(KeptAnswer).where(KeptAnswer.at < now - timedelta(days=KEPT_DAYS)))


def _take(session: Session, asked: Asked) -> None:
    """The key is this transaction's until it ends, however it ends."""
    if asked.kept:
        raise AssertionError(f"two acts under one key: {asked.caller} {asked.key}")
    if not session.scalar(select(func.pg_try_advisory_xact_lock(_number(asked)))):
        raise UnderWayError(UnderWayError.__doc__)
    # a statement of its own, after the lock: it sees what the last holder committed
    found = session.get(KeptAnswer, (asked.caller, asked.key))
    if found is None:
        return
    if found.request != asked.request:
        raise KeyReusedError(KeyReusedError.__doc__)
    if found.status is None:
        raise AssertionError(f"an answer without a status: {asked.caller} {asked.key}")
    raise AnsweredError(Answer(status=found.status, body=found.body))


def _keep(session: Session, asked: Asked, outcome: object, *, now: datetime) -> None:
    answer = asked.write(outcome)
    session.add(
        KeptAnswer(
            caller=asked.caller,
            key=asked.key,
            request=asked.request,
            status=answer.status,
            body=answer.body,
            at=now,
        )
    )


def _number(asked: Asked) -> int:
    """The number by which the database knows the key while it is under way."""
    digest = hashlib.sha256(f"answer\0{asked.caller}\0{asked.key}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
