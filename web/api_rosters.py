"""The API of rosters: of payees, of employers, of skill certificates; each taken in whole or not at all."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from io import BytesIO
from typing import Any

from marshmallow import Schema, fields, validate

from engine.cases import employer_rosters as of_employers
from engine.cases import rosters as of_payees
from engine.cases.employer_rosters import EmployerRosterView
from engine.cases.office import Office
from engine.cases.rosters import RosterView
from engine.cases.skill_screening import certificate_template, take_certificate_roster
from engine.values import Actor
from web import api_schemas as schemas
from web.api_doors import STAFF, Room, file_out, reads, writes
from web.api_records import rows_of
from web.api_words import said

roster_room = Room("rosters", chinese="比对名册", english="rosters of other offices")


class _NewRoster(schemas.File):
    """A roster, which day it describes and who sent it; the region is one's own where none is named."""

    region = schemas.Text("region", longest=6, required=False)
    as_of = schemas.Text("as_of", longest=10)
    source = schemas.Text("roster_source", longest=200)


class NewCertificates(_NewRoster):
    """A roster of skill certificates."""


class NewRoster(_NewRoster):
    """A roster of payees."""

    kind = schemas.choice("kind", *of_payees.KINDS)


class NewEmployerRoster(_NewRoster):
    """A roster of employers; contributions are of a year."""

    kind = schemas.choice("kind", *of_employers.KINDS)
    year = fields.Integer(
        load_default=0,
        validate=validate.Range(min=0, max=9999),
        metadata={"description": said("year"), "example": 2024},
    )


class EmployerTemplate(Schema):
    """Of which kind."""

    kind = schemas.choice("kind", *of_employers.KINDS)


@reads(roster_room, "/rosters", chinese="比对名册", answer=rows_of(RosterView), who=STAFF)
def rosters(office: Office, actor: Actor) -> object:
    """The rosters of one's region and of those around it, latest first."""
    return of_payees.rosters(office, actor)


@writes(roster_room, "/rosters", chinese="收入名册", uploads=NewRoster, status=201, who=STAFF)
def take(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Take a roster in, current from now on; a refusal names every faulty line."""
    file = BytesIO(schemas.content_of(asked.pop("file")))
    return of_payees.take_roster_file(office, actor, file, **_of_region(actor, asked))


@reads(roster_room, "/rosters/template", chinese="名册模板", answer=None, who=STAFF)
def template(_office: Office, _actor: Actor) -> object:
    """An empty roster of payees."""
    return file_out(BytesIO(of_payees.template()), "roster.csv")


@reads(roster_room, "/employer-rosters", chinese="单位名册", answer=rows_of(EmployerRosterView), who=STAFF)
def employer_rosters(office: Office, actor: Actor) -> object:
    """The rosters of employers of one's region and of those around it, latest first."""
    return of_employers.employer_rosters(office, actor)


@writes(
    roster_room,
    "/employer-rosters",
    chinese="收入单位名册",
    uploads=NewEmployerRoster,
    status=201,
    who=STAFF,
)
def take_of_employers(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Take a roster of employers in, current from now on; a refusal names every faulty line."""
    file = schemas.content_of(asked.pop("file"))
    if asked["kind"] != "contributions":
        asked["year"] = 0
    return of_employers.take_employer_roster(office, actor, file, **_of_region(actor, asked))


@reads(
    roster_room,
    "/employer-rosters/template",
    chinese="单位名册模板",
    asks=EmployerTemplate,
    answer=None,
    who=STAFF,
)
def employer_template(_office: Office, _actor: Actor, asked: dict[str, Any]) -> object:
    """An empty roster of employers of that kind."""
    return file_out(BytesIO(of_employers.employer_template(asked["kind"])), f"{asked['kind']}.csv")


@writes(
    roster_room,
    "/certificate-rosters",
    chinese="收入证书名册",
    uploads=NewCertificates,
    status=201,
    who=STAFF,
)
def take_certificates(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Take a roster of skill certificates in, to be screened; a refusal names every faulty line."""
    file = schemas.content_of(asked.pop("file"))
    return take_certificate_roster(office, actor, file, **_of_region(actor, asked))


@reads(roster_room, "/certificate-rosters/template", chinese="证书名册模板", answer=None, who=STAFF)
def certificates_template(_office: Office, _actor: Actor) -> object:
    """An empty roster of skill certificates."""
    return file_out(BytesIO(certificate_template()), "certificates.csv")


def _of_region(actor: Actor, asked: dict[str, Any]) -> dict[str, Any]:
    return {**asked, "region": asked["region"] or actor.region}
