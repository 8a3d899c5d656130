"""Service guides (办事指南): a public page for every matter, always equal to what runs (SERV-01).

A guide is made of the newest published version of its diagram, the forms of that version, the letters as published,
and the time limits of today; so it changes in the moment a change is published. Whoever asks need not be signed in:
nothing here is about a person. Parsed roads are kept with their version (``Versions.public``), and so are never old.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from engine.cases.guide_making import Beside, made, title_in, without_demands
from engine.cases.guide_views import (
    Guide,
    GuideLimit,
    GuideMatter,
    GuideRow,
    GuideSource,
    LimitUnit,
    NotAsked,
    words_in,
)
from engine.cases.library_tables import LibraryFile
from engine.cases.office import Office
from engine.cases.service_points import ServicePointBook
from engine.people import Region
from engine.tasks import CATALOGUE
from engine.values import Reason, Refusal
from engine.workflow.guide import Bilingual, Cited, Road
from engine.workflow.tables import ProcessVersion
from engine.workflow.versions import PublicVersion

_NO_GUIDE = Reason(code="no_such_guide", text="没有这个办事指南", text_en="There is no such service guide.")
_UNITS: Mapping[str, LimitUnit] = {"workdays": "workdays", "days": "days"}
#: texts shown beside a guide that was found
_FOUND_MOST = 3
#: words of a search, and signs of each
_WORDS_MOST, _SIGNS_MOST = 8, 40


def guides(office: Office, *, search: str = "") -> tuple[GuideRow, ...]:
    """Every public matter, by address; with a search those whose title, steps or needs hold all of its words."""
    wanted = [_plain(word)[:_SIGNS_MOST] for word in search.split()][:_WORDS_MOST]
    with office.store.reading() as session:
        rows = [
            GuideRow(
                matter=body.matter,
                title=body.title,
                for_whom=body.for_whom,
                whole_limit=body.whole_limit,
                version=row.number,
                published_at=row.published_at,
                found=_found(body, wanted),
            )
            for row, _public_version, body in _bodies(session, office, region=office.settings.region)
            if _holds(body, wanted)
        ]
    return tuple(sorted(rows, key=lambda row: row.matter))


def guide(office: Office, matter: str, *, region: str = "") -> Guide | Refusal:
    """The guide of the matter for a region; the office's own where none or an unknown one is asked for.

    Refused (``no_such_guide``) where no public process has that address.
    """
    with office.store.reading() as session:
        places = region_names(session)
        region = region if region in places else office.settings.region
        found = next(
            (each for each in _bodies(session, office, region=region) if each[2].matter == matter), None
        )
    if found is None:
        return Refusal(reasons=(_NO_GUIDE,))
    row, public, body = found
    return Guide(
        body=body,
        version=row.number,
        published_at=row.published_at,
        digest=public.digest,
        region=region,
        region_name=places.get(region, Bilingual(zh=region)),
        not_asked=tuple(
            NotAsked(name=Bilingual(zh=each.name, en=each.name_en), source=each.source)
            for each in office.book.forbidden_demands
        ),
        objection=_limit(office, "objection", region),
        review=_limit(office, "admin_review", region),
        call_back=_limit(office, "rating_call_back", region),
        points=points_of(office.settings.processes_dir).named(places).near(region),
    )


def diagram_of(office: Office, matter: str) -> bytes | Refusal:
    """The published diagram that the guide was made of, byte for byte. Refused (``no_such_guide``) as above."""
    with office.store.reading() as session:
        for _row, public in _public(session, office):
            if public.road.address == matter:
                return public.diagram
    return Refusal(reasons=(_NO_GUIDE,))


def places(office: Office) -> Mapping[str, Bilingual]:
    """The regions whose limits and counters a guide can show, by code."""
    with office.store.reading() as session:
        return region_names(session)


def region_names(session: Session) -> Mapping[str, Bilingual]:
    """Name of every region by code, in the order of the codes; the country itself is none."""
    query = select(Region).where(Region.level != "country").order_by(Region.code)
    return {each.code: Bilingual(zh=each.name, en=each.english) for each in session.scalars(query)}


@lru_cache(maxsize=4)
def points_of(processes_dir: Path) -> ServicePointBook:
    """The counters, read once for this process. DeclarationError for a faulty file."""
    return ServicePointBook.load(processes_dir)


def _public(session: Session, office: Office) -> Iterator[tuple[ProcessVersion, PublicVersion]]:
    """The newest version of every public process that is drawn in a published file."""
    newest = (
        select(ProcessVersion)
        .ext(distinct_on(ProcessVersion.process_id))
        .order_by(ProcessVersion.process_id, ProcessVersion.number.desc())
    )
    digests = _library_digests(session)
    for row in session.scalars(newest):
        public = office.runner.versions.public(session, row.id)
        # a process that was taken out of the library has versions still, for its cases, but no guide
        if public and digests.get(row.file_name) == public.digest:
            yield row, public


def _library_digests(session: Session) -> dict[str, str]:
    query = (
        select(LibraryFile.name, LibraryFile.digest)
        .ext(distinct_on(LibraryFile.name))
        .order_by(LibraryFile.name, LibraryFile.number.desc())
    )
    return {name: digest for name, digest in session.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def _bodies(
    session: Session, office: Office, *, region: str
) -> Iterator[tuple[ProcessVersion, PublicVersion, GuideMatter]]:
    """Every public version with its guide, without what asks for what may not be asked (the check of publishing)."""
    public = list(_public(session, office))
    titles = _titles(session, [version.road for _row, version in public])
    lanes = {duty.lane: duty.english for duty in office.duties.duties.values()}
    for row, version in public:
        beside = Beside(
            forms=version.forms,
            title_of=titles.get,
            limit_of=lambda name: _limit(office, name, region),
            cite=lambda cited: _cite(office, cited),
            lanes=lanes,
        )
        body = made(version.road, beside)
        yield row, version, without_demands(body, office.runner.versions.names.forbids)


def _titles(session: Session, roads: list[Road]) -> dict[str, Bilingual]:
    """Titles of the letters that are sent along these roads, as published today, by kind."""
    topics = {element.topic for road in roads for element in road.elements}
    kinds = {kind for topic in topics if topic in CATALOGUE for kind in CATALOGUE[topic].letters}
    names = {f"letters/{kind}{language}.md" for kind in kinds for language in ("", ".en")}
    query = (
        select(LibraryFile.name, LibraryFile.content)
        .ext(distinct_on(LibraryFile.name))
        .where(LibraryFile.name.in_(names))
        .order_by(LibraryFile.name, LibraryFile.number.desc())
    )
    texts = {name: title_in((content or b"").decode("utf-8-sig")) for name, content in session.execute(query)}
    return {
        kind: Bilingual(zh=title, en=texts.get(f"letters/{kind}.en.md", ""))
        for kind in kinds
        if (title := texts.get(f"letters/{kind}.md"))
    }


def _limit(office: Office, name: str, region: str) -> GuideLimit | None:
    found = office.book.find(f"time_limit.{name}", region, office.today)
    if found is None:
        return None
    unit = _UNITS.get(found.unit, "days")
    return GuideLimit(count=found.count, unit=unit, source=found.source, verified=found.verified)


def _cite(office: Office, cited: Cited) -> GuideSource:
    source = office.book.sources.get(cited.source)
    if source is None:
        return GuideSource(text=cited.source, verified=False)
    return GuideSource(text=source.cite(cited.article), verified=source.was_read)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _holds(body: GuideMatter, wanted: list[str]) -> bool:
    """Whether every word stands somewhere in the guide, in either language."""
    said = "\n".join(_plain(f"{words.zh}\n{words.en}") for words in words_in(body))
    return all(word in said for word in wanted)


def _found(body: GuideMatter, wanted: list[str]) -> tuple[Bilingual, ...]:
    """The first texts that hold one of the words, the title apart."""
    texts = dict.fromkeys(words for words in words_in(body) if words != body.title)
    held = [words for words in texts if any(word in _plain(f"{words.zh}\n{words.en}") for word in wanted)]
    return tuple(held[:_FOUND_MOST])
