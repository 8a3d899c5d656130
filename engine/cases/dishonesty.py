"""The register of dishonesty as people see it: who is listed, why and until when; and removal with its reason (CTRL-06).

Nobody is entered here: that is the end of ``processes/listing.bpmn``. For supervision and internal control, in their
own region and below.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.cases.office import Office
from engine.cases.rows import actor_names, subject_labels
from engine.cases.steps import attempt
from engine.cases.views import Done
from engine.duties import check_may
from engine.oversight import dishonesty
from engine.oversight.dishonesty import RULE_NAMES, SOURCE, STATUS_NAMES
from engine.oversight.dishonesty_tables import DishonestyListing
from engine.people import record_look
from engine.values import Actor, CaseId, Reason, Refusal, RefusedError, reach

_SEEN_BY = frozenset({"fund_supervisor", "control", "provincial"})
_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRow:
    """One entry of the register."""

    listing_id: int
    case_id: CaseId
    #: a person with masked number, or an employer
    subject: str
    rule_name: str
    ground: str
    proposed_by: str
    decided_by: str
    decided_on: date
    #: the first day on which it is published no more
    publish_until: date
    published: bool
    referred_to: str
    referred_on: date | None
    status: str
    status_name: str
    removed_on: date | None
    removed_by: str
    removed_why: str
    #: the actor may remove it now
    may_remove: bool


def register(office: Office, actor: Actor) -> tuple[ListingRow, ...] | Refusal:
    """The entries of the actor's region, those in force first; each look at a person is recorded."""
    if not actor.duties & _SEEN_BY:
        no = Reason(
            code="not_supervision",
            text="失信名单由监督岗和内控稽核岗查看",
            text_en="Supervision and internal control see the register.",
            source=SOURCE,
            fact=actor.name or actor.key,
        )
        return Refusal(reasons=(no,))
    with office.store.transaction() as session:
        found = session.scalars(
            select(DishonestyListing)
            .where(DishonestyListing.region_code.startswith(reach(actor.region)))
            .order_by(DishonestyListing.status, DishonestyListing.id.desc())
            .limit(_LISTED)
        ).all()
        keys = {f"{each.subject_kind}:{each.subject_id}" for each in found}
        for key in sorted(keys):
            record_look(session, actor=actor, subject=key, why="查看失信名单", now=office.clock())
        subjects = subject_labels(session, office, keys)
        hands = {key for each in found for key in (each.proposed_by, each.decided_by, each.removed_by) if key}
        names = actor_names(session, hands)
        return tuple(_row(each, subjects, names, actor, office.today) for each in found)


def remove_listing(office: Office, actor: Actor, listing_id: int, *, why: str) -> Done | Refusal:
    """The entry removed by a fund supervisor with the reason; it stays on record."""

    def work(session: Session) -> Done:
        listing = session.get(DishonestyListing, listing_id)
        if listing is None:
            raise RefusedError(Reason(code="no_such_listing", text="没有这条记录", text_en="No such entry."))
        no = check_may(
            session,
            office.duties,
            actor,
            "fund_supervisor",
            listing.region_code,
            office.today,
            subject=f"{listing.subject_kind}:{listing.subject_id}",
        )
        if no is not None:
            raise RefusedError(*no.reasons)
        dishonesty.remove(session, listing_id, why=why, day=office.today, actor=actor, now=office.clock())
        return Done(message="已移出失信名单", case_id=CaseId(listing.case_id))

    return attempt(office, actor, work, subject=f"dishonesty_listing:{listing_id}")


def _row(
    each: DishonestyListing, subjects: dict[str, str], names: dict[str, str], actor: Actor, today: date
) -> ListingRow:
    return ListingRow(
        listing_id=each.id,
        case_id=CaseId(each.case_id),
        subject=subjects.get(f"{each.subject_kind}:{each.subject_id}", ""),
        rule_name=RULE_NAMES["national" if each.rule == "national" else "local"],
        ground=each.ground,
        proposed_by=names.get(each.proposed_by, each.proposed_by),
        decided_by=names.get(each.decided_by, each.decided_by),
        decided_on=each.decided_on,
        publish_until=each.publish_until,
        published=dishonesty.is_published(each, today),
        referred_to=each.referred_to,
        referred_on=each.referred_on,
        status=each.status,
        status_name=STATUS_NAMES[each.status],
        removed_on=each.removed_on,
        removed_by=names.get(each.removed_by or "", ""),
        removed_why=each.removed_why or "",
        may_remove=each.status == "listed" and "fund_supervisor" in actor.duties,
    )
