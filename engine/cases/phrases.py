"""Opinions kept ready (常用语): one's own, and everybody's."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.cases.desk_tables import StockPhrase
from engine.cases.hands import refuse_empty
from engine.cases.office import Office
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, Reason, Refusal, RefusedError

#: phrases of one's own that are kept at most, and signs of one
_MOST, _LONGEST = 50, 200
_EVERYBODY = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """An opinion kept ready."""

    phrase_id: int
    words: str
    #: the actor's own; else everybody's
    own: bool


def phrases(office: Office, actor: Actor) -> tuple[Phrase, ...]:
    """One's own first, then everybody's, in the order in which they were kept."""
    with office.store.reading() as session:
        found = session.scalars(
            select(StockPhrase)
            .where(StockPhrase.owner.in_([actor.key, _EVERYBODY]))
            .order_by(StockPhrase.owner.desc(), StockPhrase.place, StockPhrase.id)
        )
        return tuple(
            Phrase(phrase_id=each.id, words=each.words, own=each.owner != _EVERYBODY) for each in found
        )


def keep_phrase(office: Office, actor: Actor, words: str, *, for_all: bool = False) -> Done | Refusal:
    """The phrase kept for the actor; for everybody by an administrator only. Kept twice, it is there once."""

    def work(session: Session) -> Done:
        _staff_only(actor)
        plain = refuse_empty(words, "常用语", code="words_missing")
        owner = _owner(actor, for_all=for_all)
        held = session.scalars(select(StockPhrase).where(StockPhrase.owner == owner)).all()
        if any(each.words == plain for each in held):
            return Done(message="常用语已在")
        if len(plain) > _LONGEST or len(held) >= _MOST:
            raise RefusedError(
                Reason(
                    code="phrase_too_much",
                    text=f"常用语每条最多{_LONGEST}字，最多{_MOST}条",
                    text_en=f"At most {_MOST} phrases of {_LONGEST} characters.",
                )
            )
        last = session.scalar(select(func.max(StockPhrase.place)).where(StockPhrase.owner == owner)) or 0
        session.add(StockPhrase(owner=owner, words=plain, place=last + 1))
        _note(session, office, actor, Action.PHRASE_KEPT, owner, plain)
        return Done(message="常用语已保存")

    return attempt(office, actor, work, subject=f"phrases:{actor.key}")


def drop_phrase(office: Office, actor: Actor, phrase_id: int) -> Done | Refusal:
    """The phrase is no longer kept; one's own, or everybody's by an administrator."""

    def work(session: Session) -> Done:
        phrase = session.get(StockPhrase, phrase_id)
        owner = _owner(actor, for_all=phrase is not None and phrase.owner == _EVERYBODY)
        if phrase is None or phrase.owner != owner:
            raise RefusedError(
                Reason(code="no_such_phrase", text="没有这条常用语", text_en="No such phrase.")
            )
        session.delete(phrase)
        _note(session, office, actor, Action.PHRASE_DROPPED, phrase.owner, phrase.words)
        return Done(message="常用语已删除")

    return attempt(office, actor, work, subject=f"phrase:{phrase_id}")


def _owner(actor: Actor, *, for_all: bool) -> str:
    if for_all and "administrator" not in actor.duties:
        raise RefusedError(
            Reason(
                code="not_administrator",
                text="公用常用语由系统管理岗维护",
                text_en="An administrator keeps everybody's phrases.",
                fact=actor.name or actor.key,
            )
        )
    return _EVERYBODY if for_all else actor.key


def _staff_only(actor: Actor) -> None:
    if actor.kind != "staff":
        raise RefusedError(Reason(code="not_for_public", text="此操作限经办人员", text_en="Staff only."))


def _note(session: Session, office: Office, actor: Actor, action: Action, owner: str, words: str) -> None:
    what = {"owner": owner or "everybody", "words": words}
    dropped = action is Action.PHRASE_DROPPED
    append(
        session,
        stream="staff",
        action=action,
        actor=actor,
        subject=f"phrases:{owner or 'everybody'}",
        before=what if dropped else None,
        after=None if dropped else what,
        now=office.clock(),
    )
