"""The stage of a rehearsal: one transaction that is always rolled back, a clock of its own, and draft processes.

The use-cases run on it as they are. What they commit is a savepoint of the stage's transaction, so that
nothing of it ever stands in the database and nothing leaves the outbox. Called by ``rehearse``.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Literal, TypeVar

from psycopg import errors as pg
from sqlalchemy import Connection, event, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine import duties
from engine.cases.library import letters_in
from engine.cases.office import Office
from engine.exchange.peers import PeerBook
from engine.money.chart import Chart
from engine.money.ledger import sync_accounts
from engine.people import Region, sync_regions
from engine.registers import Registers
from engine.store.db import Store
from engine.values import SYSTEM
from engine.workflow.codec import connect_loops
from engine.workflow.decisions import Decision, DecisionError, read_decisions
from engine.workflow.forms import Form, FormError, read_form
from engine.workflow.reader import Blueprint, Names, ReadError, read_processes
from engine.workflow.runner import Runner
from engine.workflow.tables import ProcessVersion, WorkflowCase
from engine.workflow.versions import Published, Versions, resolver_of

T = TypeVar("T")

#: a region that holds no case and no order of anybody: what is rehearsed there meets nothing of the office's own
PRACTICE_REGION = "371590"
_ABOVE = "371500"
#: real work is never kept waiting longer, and in a deadlock (noticed after a second) it is the rehearsal that gives up
_PATIENCE = "SELECT set_config('lock_timeout', '400ms', true), set_config('statement_timeout', '5s', true)"
_IN_THE_WAY = (pg.LockNotAvailable, pg.QueryCanceled, pg.DeadlockDetected, pg.SerializationFailure)
_KEPT_DRAFTS = 32


class UnsoundRehearsalError(Exception):
    """The database would not have accepted what was rehearsed."""

    retryable = False


class UnreadableDraftError(Exception):
    """A file of a draft cannot be read; the message names file, line and element."""

    retryable = False


class StageClock:
    """A clock that stands where the rehearsal put it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The instant that it shows, in UTC."""
        return self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Processes that are rehearsed: parsed, published nowhere."""

    #: process id → its version, whose id and number mean nothing
    processes: Mapping[str, Published]
    #: file name of each process's diagram
    files: Mapping[str, str]
    #: template of each letter, by kind
    letters: Mapping[str, str]


class StageStore(Store):
    """A store whose transactions are savepoints of one transaction."""

    #: made-up people in a made-up region, and nothing of it stays
    narrows = False

    def __init__(self, connection: Connection) -> None:
        self.engine = connection.engine
        self._connection = connection
        #: every case that was opened here, in order
        self.cases: list[int] = []
        #: whether the office's own work was in the way: what came of it says nothing of what was rehearsed
        self.disturbed = False

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose commit is kept until the end of the rehearsal."""
        with self._noting(), self._session("create_savepoint") as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for looking only."""
        # closing it touches nothing of the stage's transaction, and no savepoint is needed for a look
        with self._noting(), self._session("rollback_only") as session:
            yield session

    def close(self) -> None:
        """The connections are the office's, not the stage's."""

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            self.disturbed = self.disturbed or in_the_way(error)
            raise

    def _session(self, mode: Literal["create_savepoint", "rollback_only"]) -> Session:
        session = Session(self._connection, expire_on_commit=False, join_transaction_mode=mode)
        event.listen(session, "after_flush", self._note)
        return session

    def _note(self, session: Session, _: object) -> None:
        self.cases += [row.id for row in session.new if isinstance(row, WorkflowCase)]


class DraftVersions(Versions):
    """The office's versions with a draft's processes in front of them."""

    def __init__(self, office: Office, draft: Draft) -> None:
        super().__init__(office.runner.versions.names)
        self._published = office.runner.versions
        self._draft = draft
        self._drafts: dict[int, Published] = {}

    def latest(self, session: Session, process_id: str) -> Published:
        """The draft's version, else the newest published one; NoSuchProcessError when there is neither."""
        for version in self._drafts.values():
            if version.process_id == process_id:
                return version
        drafted = self._draft.processes.get(process_id)
        if drafted is None:
            return self._published.latest(session, process_id)
        version = _row_for(session, drafted, self._draft.files[process_id])
        self._drafts[version.id] = version
        return version

    def get(self, session: Session, version_id: int) -> Published:
        """The version of that id, drafted or published."""
        return self._drafts.get(version_id) or self._published.get(session, version_id)

    def started_by(self, session: Session, message: str) -> str | None:
        """The process that starts with the message; the draft's comes first."""
        for process_id, version in self._draft.processes.items():
            if message in version.blueprint.start_messages:
                return process_id
        newest = select(func.max(ProcessVersion.id)).where(
            ProcessVersion.process_id.not_in(self._draft.processes)
        )
        for version_id in session.scalars(newest.group_by(ProcessVersion.process_id)):
            published = self._published.get(session, version_id)
            if message in published.blueprint.start_messages:
                return published.process_id
        return None


_drafts: dict[tuple[int, str], Draft] = {}
_drafts_lock = threading.Lock()


def draft_of(names: Names, files: Mapping[str, bytes]) -> Draft:
    """The processes of the files (``claim.bpmn``, ``forms/x.form``, ``decisions/y.dmn``), parsed once per content.

    UnreadableDraftError for what cannot be read.
    """
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    key = (id(names), digest.hexdigest())
    with _drafts_lock:
        found = _drafts.get(key)
        if found is None:
            found = _parse(names, files)
            _drafts[key] = found
            while len(_drafts) > _KEPT_DRAFTS:
                _drafts.pop(next(iter(_drafts)))
        return found


@contextmanager
def stage(office: Office, draft: Draft, *, registers: Registers | None, at: datetime) -> Iterator[Office]:
    """The office as it stands, on a stage at that instant; whatever happens there is rolled back at the end.

    UnsoundRehearsalError where the database finds fault with the whole of it, as it would when committing.
    """
    with office.store.engine.connect() as connection:
        outer = connection.begin()
        try:
            connection.execute(text(_PATIENCE))
            store = StageStore(connection)
            played = replace(
                office,
                store=store,
                runner=Runner(DraftVersions(office, draft)),
                clock=StageClock(at),
                # both ends are played here: nobody of another office answers a rehearsal
                peers=PeerBook(own=office.settings.region),
                drafted_letters=draft.letters,
                _registers=registers or office.registers,
                _lock=threading.Lock(),
            )
            _furnish(played)
            yield played
            _would_commit(connection)
        finally:
            outer.rollback()


def in_the_way(error: DBAPIError) -> bool:
    """Whether somebody else's work kept the database from it, and not what was asked of it."""
    return isinstance(error.orig, _IN_THE_WAY)


def _would_commit(connection: Connection) -> None:
    try:
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    except DBAPIError as error:
        raise UnsoundRehearsalError(f"数据库不会接受这次演练的结果：{error.orig}") from error


def _furnish(office: Office) -> None:
    """What every office has, should this one not be set up yet; and the region in which only rehearsals happen."""
    with office.store.reading() as session:
        held = set(session.scalars(select(Region.code).where(Region.code.in_((_ABOVE, PRACTICE_REGION)))))
        if _ABOVE not in held and session.scalar(select(Region.code).limit(1)) is None:
            _set_up(office)
        if PRACTICE_REGION not in held:
            region = {"name": "演练区", "english": "Practice", "parent_code": _ABOVE, "level": "county"}
            session.execute(insert(Region).values(code=PRACTICE_REGION, **region))


def _set_up(office: Office) -> None:
    directory = office.settings.processes_dir
    with office.store.transaction() as session:
        sync_regions(session, directory / "regions.yaml")
        duties.sync(session, office.duties)
        sync_accounts(session, Chart.load(directory), actor=SYSTEM, now=office.clock())


def _row_for(session: Session, drafted: Published, file_name: str) -> Published:
    """The draft with a row of its own, which cases can refer to until the rollback."""
    number = int(
        session.execute(text("SELECT nextval(pg_get_serial_sequence('process_version', 'id'))")).scalar_one()
    )
    session.add(
        ProcessVersion(
            id=number,
            process_id=drafted.process_id,
            # like the digest, taken from nobody: a real publication beside it never waits for the rehearsal
            number=1_000_000 + number,
            name=drafted.name,
            digest=f"rehearsal:{number}",
            file_name=file_name,
            diagram=b"",
            bundle="{}",
            note="演练",
            author=SYSTEM.key,
            published_by=SYSTEM.key,
            published_at=datetime.now(UTC),
        )
    )
    session.flush()
    return replace(drafted, id=number)


def _parse(names: Names, files: Mapping[str, bytes]) -> Draft:
    processes: dict[str, Published] = {}
    origin: dict[str, str] = {}
    decisions: dict[str, Decision] = {}
    for name in sorted(files):
        if name.endswith(".dmn"):
            decisions.update(_reading(name, lambda: read_decisions(files[name])))  # noqa: B023 - called at once
    drawn = {name: content for name, content in files.items() if name.endswith(".bpmn")}
    resolve = resolver_of(drawn)
    for name in sorted(drawn):
        read = partial(read_processes, files[name], names=names, resolve=resolve)
        found = _reading(name, read)
        for process_id, blueprint in found.items():
            connect_loops(blueprint.spec, *blueprint.subprocess_specs.values())
            processes[process_id] = Published(
                id=0,
                process_id=process_id,
                number=0,
                name=blueprint.name,
                diagram=files[name],
                blueprint=blueprint,
                forms=_forms_of(blueprint, files),
                decisions=decisions,
            )
            origin[process_id] = name
    return Draft(processes=processes, files=origin, letters=letters_in(files))


def _forms_of(blueprint: Blueprint, files: Mapping[str, bytes]) -> dict[str, Form]:
    """The forms that the diagram names, as far as the files have them."""
    wanted = {
        element.form: f"forms/{element.form}.form" for element in blueprint.elements.values() if element.form
    }
    return {
        key: _reading(path, lambda: read_form(files[path].decode("utf-8-sig")))  # noqa: B023 - called at once
        for key, path in wanted.items()
        if path in files
    }


def _reading(name: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (ReadError, FormError, DecisionError, UnicodeDecodeError) as wrong:
        raise UnreadableDraftError(f"{name}：{wrong}") from wrong
