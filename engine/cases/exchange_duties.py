"""Who may look after the letters between offices, and who may compare the books with them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.operations import OPERATORS
from engine.cases.rows import reaches
from engine.exchange.peers import Peer
from engine.values import SYSTEM, Actor, Reason, RefusedError

#: sends again, has a statement made
OPERATE = OPERATORS
#: sees what is not yet answered and where the two offices differ
LOOK = OPERATORS | {"accountant", "fund_supervisor"}


def require(session: Session, office: Office, actor: Actor, duties: frozenset[str]) -> None:
    """RefusedError unless the actor holds one of the duties where this office stands; the office itself needs none."""
    if actor == SYSTEM:
        return
    held = reaches(session, office, actor)
    if any(each.duty in duties and office.settings.region.startswith(each.scope) for each in held):
        return
    names = "、".join(office.duties.duty(duty).lane for duty in sorted(duties))
    raise RefusedError(
        Reason(
            code="not_operator",
            text=f"只有本机构的{names}可以办理",
            text_en="Not among your duties at this office.",
            fact=actor.name or actor.key,
        )
    )


def peer_of(office: Office, code: str) -> Peer:
    """The peer of that code; RefusedError for one that is not known here."""
    peer = office.peers.of_code(code)
    if peer is None:
        raise RefusedError(Reason(code="no_such_peer", text="没有这个对方机构", text_en="No such office."))
    return peer
