"""The API of service guides: public, as the pages are."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from engine.cases import guides
from engine.cases.guide_views import Guide, GuideRow
from engine.cases.office import Office
from web import api_schemas as schemas
from web.api_doors import Room, opens
from web.api_records import answer_of, rows_of

guide_room = Room("guides", chinese="办事指南", english="service guides")


@opens(guide_room, "/guides", chinese="办事指南清单", asks=schemas.GuideSearch, answer=rows_of(GuideRow))
def guide_list(office: Office, asked: dict[str, Any]) -> object:
    """Every public matter, or those whose guides hold all the words."""
    return guides.guides(office, search=asked["q"])


@opens(guide_room, "/guides/<matter>", chinese="办事指南", asks=schemas.GuideQuery, answer=answer_of(Guide))
def guide(office: Office, asked: dict[str, Any], matter: str) -> object:
    """The guide of one matter, as published now, with the limits and counters of a region."""
    return guides.guide(office, matter, region=asked["region"])
