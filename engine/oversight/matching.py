"""Matching: everybody who is paid against every roster that is current, in one statement (CTRL-02; policy §3.2).

What is found is a lead: it stands open, holds the payments of its grant, and somebody settles it in a case.
The same evidence, once cleared, is not raised again. Called by the month run and by hand.
"""

from __future__ import annotations

from datetime import datetime

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from engine.oversight.hit_tables import MatchRound
from engine.registers.rosters import current_rosters
from engine.store.actions import Action
from engine.store.audit import append
from engine.values import Actor, reach

#: the population register covers the region of the grant, and does not know the person
GHOST = "GHOST"

_FOUND = text("""
INSERT INTO match_hit (round_id, origin, roster_id, grant_id, person_id, region_code, ground, event_day, detail, found_at, status, settled_why)
SELECT :round, 'roster', l.roster_id, g.id, g.person_id, g.region_code, l.ground, l.event_day, l.detail, :now, 'open', ''
FROM benefit_grant g
JOIN person p ON p.id = g.person_id
JOIN roster_line l ON l.person_index = p.id_number_index AND l.ground <> '' AND l.roster_id = ANY(:rosters)
WHERE g.status = 'active' AND g.region_code LIKE :within
ON CONFLICT ON CONSTRAINT uq_match_hit_evidence DO NOTHING
""")
_GHOSTS = text("""
INSERT INTO match_hit (round_id, origin, roster_id, grant_id, person_id, region_code, ground, event_day, detail, found_at, status, settled_why)
SELECT :round, 'roster', :roster, g.id, g.person_id, g.region_code, 'GHOST', NULL, '人口基础信息中查无此人', :now, 'open', ''
FROM benefit_grant g
JOIN person p ON p.id = g.person_id
WHERE g.status = 'active' AND g.region_code LIKE :within AND g.region_code LIKE :covered
  AND NOT EXISTS (SELECT FROM roster_line l WHERE l.person_index = p.id_number_index AND l.roster_id = :roster)
ON CONFLICT ON CONSTRAINT uq_match_hit_evidence DO NOTHING
""")
_PAYEES = text("SELECT count(*) FROM benefit_grant WHERE status = 'active' AND region_code LIKE :within")


def match(session: Session, *, key: str, region: str, actor: Actor, now: datetime) -> MatchRound:
    """The round of that key, carried out now or before, over the grants of the region and all below it."""
    known = session.scalars(select(MatchRound).where(MatchRound.key == key)).one_or_none()
    if known is not None:
        return known
    rosters = current_rosters(session)
    within = f"{reach(region)}%"
    done = MatchRound(
        key=key,
        region=region,
        rosters=orjson.dumps([{"kind": r.kind, "region": r.region, "id": r.id} for r in rosters]).decode(),
        payees=int(session.scalar(_PAYEES, {"within": within}) or 0),
        hits=0,
        matched_by=actor.key,
        matched_at=now,
    )
    session.add(done)
    session.flush()
    given = {"round": done.id, "within": within, "now": now}
    leads = [roster.id for roster in rosters]
    done.hits = _rows(session, _FOUND, {**given, "rosters": leads}) if leads else 0
    for roster in rosters:
        if roster.kind == "population":
            covered = f"{reach(roster.region)}%"
            done.hits += _rows(session, _GHOSTS, {**given, "roster": roster.id, "covered": covered})
    session.flush()
    # whoever asks next must not take the table for as small as it was
    session.execute(text("ANALYZE match_hit"))
    append(
        session,
        stream=f"hits:{region}",
        action=Action.PAYEES_MATCHED,
        actor=actor,
        subject=f"match_round:{done.id}",
        after={"payees": done.payees, "hits": done.hits, "rosters": leads},
        now=now,
    )
    return done


def _rows(session: Session, statement: object, given: dict[str, object]) -> int:
    return int(session.execute(statement, given).rowcount)  # type: ignore[call-overload]
