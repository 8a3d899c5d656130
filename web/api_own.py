"""The API of what people apply for and say about themselves: skill subsidies, death grants, where to be told."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from marshmallow import Schema

from engine.cases import contacts, death_grants, death_lists, skill_lists, skill_subsidies
from engine.cases.contacts import Contacts
from engine.cases.death_grants import FUNDS, RELATION_NAMES
from engine.cases.death_lists import DeathList
from engine.cases.office import Office
from engine.cases.skill_lists import OwnSkills, SkillList
from engine.values import Actor, ActorKind
from web import api_schemas as schemas
from web.api_doors import STAFF, Room, reads, writes
from web.api_records import answer_of

own_room = Room(
    "own", chinese="技能提升补贴、丧葬抚恤与联系方式", english="skill subsidies, death grants and contacts"
)

_PERSON: tuple[ActorKind, ...] = ("person",)
_PUBLIC: tuple[ActorKind, ...] = ("person", "employer")


class SkillQuery(Schema):
    """In which state, and the mark of the page before."""

    status = schemas.Text("subsidy_status", longest=10, required=False)
    cursor = schemas.Text("cursor", longest=60, required=False)


class CursorQuery(Schema):
    """The mark of the page before."""

    cursor = schemas.Text("cursor", longest=60, required=False)


class OwnCertificateAsked(Schema):
    """For which certificate."""

    certificate_number = schemas.Text("certificate_number", longest=40)


class CertificateAsked(OwnCertificateAsked):
    """For which certificate of whom."""

    holder_number = schemas.Text("holder_number", longest=18)
    holder_name = schemas.Text("holder_name", longest=60)


class OwnDeathGrantAsked(Schema):
    """Whose death, how the relative is related, and that they stand in for the truth of it."""

    deceased_number = schemas.Text("deceased_number", longest=18)
    deceased_name = schemas.Text("deceased_name", longest=60)
    relation = schemas.choice("relation", *RELATION_NAMES)
    other_fund = schemas.choice("other_fund", *FUNDS)
    commitment = schemas.yes("commitment")
    account = schemas.Text("own_account", longest=40, required=False)


class DeathGrantAsked(OwnDeathGrantAsked):
    """The same, entered for the relative."""

    applicant_number = schemas.Text("applicant_number", longest=18)
    applicant_name = schemas.Text("applicant_name", longest=60)


class Contact(Schema):
    """Where to be told; an empty address ends it."""

    channel = schemas.choice("contact_channel", *contacts.CHANNELS)
    address = schemas.Text("contact_address", longest=120, required=False)


@reads(own_room, "/my/contacts", chinese="我的联系方式", answer=answer_of(Contacts), who=_PUBLIC)
def my_contacts(office: Office, actor: Actor) -> object:
    """Where I am told that a paper waits for me, masked."""
    return contacts.my_contacts(office, actor)


@writes(own_room, "/my/contacts", method="PUT", chinese="改联系方式", asks=Contact, who=_PUBLIC)
def set_contact(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Say where I want to be told; an empty address ends it."""
    return contacts.set_contact(office, actor, asked["channel"], asked["address"])


@reads(own_room, "/my/skills", chinese="我的证书", answer=answer_of(OwnSkills), who=_PERSON)
def own_skills(office: Office, actor: Actor) -> object:
    """My certificates: what the law says of each today, what waits for my word, what was paid."""
    return skill_lists.own_skills(office, actor)


@writes(own_room, "/my/skills", chinese="申请技能提升补贴", asks=OwnCertificateAsked, status=201, who=_PERSON)
def own_apply(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Apply with the certificate's number alone; a fault is said at its field."""
    return skill_subsidies.apply_for_skill_subsidy(office, actor, skill_subsidies.Asked(**asked))


@reads(
    own_room,
    "/skill-subsidies",
    chinese="技能提升补贴清单",
    asks=SkillQuery,
    answer=answer_of(SkillList),
    who=STAFF,
)
def skill_list(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """A page of the applications in one's reach, what screening found, and the rosters of certificates."""
    return skill_lists.skill_list(office, actor, **asked)


@writes(
    own_room, "/skill-subsidies", chinese="窗口受理技能提升补贴", asks=CertificateAsked, status=201, who=STAFF
)
def skill_counter(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Enter the application of a holder at the counter; a fault is said at its field."""
    return skill_subsidies.apply_for_skill_subsidy(office, actor, skill_subsidies.Asked(**asked))


@writes(
    own_room, "/my/death-grants", chinese="申请丧葬抚恤", asks=OwnDeathGrantAsked, status=201, who=_PERSON
)
def own_death_grant(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Apply as a relative of who died; a fault is said at its field."""
    return death_grants.apply_for_death_grant(office, actor, death_grants.Asked(**asked))


@reads(
    own_room,
    "/death-grants",
    chinese="待申领丧葬抚恤",
    asks=CursorQuery,
    answer=answer_of(DeathList),
    who=STAFF,
)
def deaths(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """A page of the deaths whose family may still claim."""
    return death_lists.deaths(office, actor, cursor=asked["cursor"])


@writes(own_room, "/death-grants", chinese="窗口受理丧葬抚恤", asks=DeathGrantAsked, status=201, who=STAFF)
def death_counter(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Enter the application of a relative at the counter; a fault is said at its field."""
    return death_grants.apply_for_death_grant(office, actor, death_grants.Asked(**asked))
