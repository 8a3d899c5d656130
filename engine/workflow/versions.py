"""Published versions of processes: fixed by content, parsed once per process.

A version carries the diagram with every form and decision that it names, and with the diagrams of the processes
that it calls, so that a case runs and shows tomorrow what it ran and showed today (docs/decisions/0004-calls.md).
"""

from __future__ import annotations

import hashlib
import threading
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.workflow.codec import connect_loops
from engine.workflow.decisions import Decision, read_decisions
from engine.workflow.drawing import draw
from engine.workflow.facts import elements_of
from engine.workflow.forms import Form, read_form
from engine.workflow.guide import Road, road_of
from engine.workflow.reader import (
    Blueprint,
    Names,
    ReadError,
    Resolver,
    definitions_of,
    read_processes,
    read_xml,
)
from engine.workflow.tables import ProcessVersion


class NoSuchProcessError(Exception):
    """No version of the process has been published."""

    retryable = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A version ready to run: parsed, with its forms and decisions."""

    id: int
    process_id: str
    number: int
    name: str
    diagram: bytes
    blueprint: Blueprint
    forms: Mapping[str, Form]
    decisions: Mapping[str, Decision]
    #: file name → diagram with processes that it calls, also through others
    called: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicVersion:
    """A version of a public process as its guide needs it: read without the engine, which takes longer."""

    road: Road
    forms: Mapping[str, Form]
    diagram: bytes
    #: SHA-256 of the diagram, hexadecimal
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is published: one file with the forms and decision files beside it."""

    file_name: str
    diagram: bytes
    #: form key → JSON text
    forms: Mapping[str, str]
    #: file name → DMN text
    decisions: Mapping[str, str]
    #: file name → diagram with processes that it calls, also through others
    called: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A step that calls another process."""

    #: the process that it stands in
    process: str
    called: str
    element: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What a diagram names, and what it is."""

    #: ids of its processes, in the order of the file
    processes: tuple[str, ...]
    #: form keys
    forms: frozenset[str]
    #: decision ids
    decisions: frozenset[str]
    calls: tuple[Call, ...]


@lru_cache(maxsize=64)
def references_of(data: bytes) -> References:
    """The forms, decisions and processes that the diagram names, whether or not anybody has them. Raises ReadError."""
    drawing = draw(definitions_of(read_xml(data)))
    processes = tuple(process.id for process in drawing.processes)
    elements = [
        (own, element) for own in processes for element in elements_of(drawing, own, Names.any()).values()
    ]
    return References(
        processes=processes,
        forms=frozenset(element.form for _, element in elements if element.form),
        decisions=frozenset(element.decision for _, element in elements if element.decision),
        calls=tuple(
            Call(process=own, called=element.called, element=element.id, line=element.line)
            for own, element in elements
            if element.called
        ),
    )


def resolver_of(files: Mapping[str, bytes]) -> Resolver:
    """Finds the file in which a process is drawn among these; one that cannot be read is passed over."""

    @cache
    def drawn() -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        for content in files.values():
            with suppress(ReadError):
                found |= dict.fromkeys(references_of(content).processes, content)
        return found

    return lambda process_id: drawn().get(process_id)


class Versions:
    """Publishes and hands out versions; one per process, safe between threads."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._cache: dict[int, Published] = {}
        self._public: dict[int, PublicVersion | None] = {}
        self._lock = threading.Lock()

    def publish(
        self, session: Session, source: Source, *, author: str, published_by: str, note: str, now: datetime
    ) -> list[ProcessVersion]:
        """A version of every process in the file; the newest one where nothing changed since.

        Going back to what an older version had makes a new number: cases that started in between stay told apart.
        """
        beside: dict[str, object] = {"forms": dict(source.forms), "decisions": dict(source.decisions)}
        if source.called:
            # byte for byte, whatever the encoding that the file says it has
            beside["calls"] = {name: b64encode(data).decode() for name, data in source.called.items()}
        bundle = orjson.dumps(beside, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.sha256(source.diagram + b"\0" + bundle).hexdigest()
        versions = []
        blueprints = read_processes(source.diagram, names=self.names, resolve=resolver_of(source.called))
        for process_id, blueprint in blueprints.items():
            kept = session.scalar(
                select(ProcessVersion)
                .where(ProcessVersion.process_id == process_id)
                .order_by(ProcessVersion.number.desc())
                .limit(1)
            )
            if kept is None or kept.digest != digest:
                kept = ProcessVersion(
                    process_id=process_id,
                    number=_next_number(session, process_id),
                    name=blueprint.name,
                    digest=digest,
                    file_name=source.file_name,
                    diagram=source.diagram,
                    bundle=bundle.decode(),
                    note=note,
                    author=author,
                    published_by=published_by,
                    published_at=now,
                )
                session.add(kept)
                session.flush()
            versions.append(kept)
        return versions

    def latest(self, session: Session, process_id: str) -> Published:
        """The newest version; NoSuchProcessError when there is none."""
        version_id = session.scalar(
            select(ProcessVersion.id)
            .where(ProcessVersion.process_id == process_id)
            .order_by(ProcessVersion.number.desc())
            .limit(1)
        )
        if version_id is None:
            raise NoSuchProcessError(f"流程“{process_id}”还没有发布任何版本")
        return self.get(session, version_id)

    def get(self, session: Session, version_id: int) -> Published:
        """The version, parsed at most once in this process."""
        found = self._cache.get(version_id)
        if found is None:
            with self._lock:
                found = self._cache.get(version_id) or self._read(session, version_id)
                self._cache[version_id] = found
        return found

    def public(self, session: Session, version_id: int) -> PublicVersion | None:
        """What a guide needs of the version, read at most once in this process; None where it is not public."""
        if version_id not in self._public:
            row = session.get_one(ProcessVersion, version_id)
            road = road_of(row.diagram, row.process_id, self.names)
            self._public[version_id] = (
                PublicVersion(
                    road=road,
                    forms=_forms_in(row.bundle),
                    diagram=row.diagram,
                    digest=hashlib.sha256(row.diagram).hexdigest(),
                )
                if road
                else None
            )
        return self._public[version_id]

    def started_by(self, session: Session, message: str) -> str | None:
        """The process whose newest version starts with the message; None when none does."""
        newest = select(func.max(ProcessVersion.id)).group_by(ProcessVersion.process_id)
        for version_id in session.scalars(newest):
            version = self.get(session, version_id)
            if message in version.blueprint.start_messages:
                return version.process_id
        return None

    def _read(self, session: Session, version_id: int) -> Published:
        row = session.get_one(ProcessVersion, version_id)
        bundle = orjson.loads(row.bundle)
        decisions: dict[str, Decision] = {}
        for text in bundle["decisions"].values():
            decisions.update(read_decisions(text.encode()))
        called = called_in(bundle)
        resolve = resolver_of(called)
        blueprint = read_processes(row.diagram, names=self.names, resolve=resolve)[row.process_id]
        # here, before any thread runs it: two that started its first round at once would connect it twice
        connect_loops(blueprint.spec, *blueprint.subprocess_specs.values())
        return Published(
            id=row.id,
            process_id=row.process_id,
            number=row.number,
            name=row.name,
            diagram=row.diagram,
            blueprint=blueprint,
            forms=_forms_in(row.bundle),
            decisions=decisions,
            called=called,
        )


def _forms_in(bundle: str) -> dict[str, Form]:
    """The forms of a version, by key."""
    return {key: read_form(text) for key, text in orjson.loads(bundle)["forms"].items()}


def called_in(bundle: Mapping[str, Mapping[str, str]]) -> dict[str, bytes]:
    """The diagrams that a version calls, by file name, as its bundle keeps them."""
    return {name: b64decode(text) for name, text in bundle.get("calls", {}).items()}


def _next_number(session: Session, process_id: str) -> int:
    query = select(func.coalesce(func.max(ProcessVersion.number), 0) + 1)
    return int(session.execute(query.where(ProcessVersion.process_id == process_id)).scalar_one())
