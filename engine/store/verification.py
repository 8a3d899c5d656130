"""Whether the audit trail, and every row that it vouches for, is still as it was written.

Pure: reads lines in the order of an export (``engine.store.export``), from a database or a file alike,
and knows no database. Memory stays flat: what must be looked up again goes to a temporary SQLite file
that vanishes with its connection. What it proves and what not: ``docs/decisions/audit-trail.md``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import cast

from engine.store.audit import link_digest
from engine.store.canonical import GENESIS, MerkleRoot, Plain, canonical, digest_of

FORMAT = 1
#: names that a row may give for its digest; an altered one is a finding like any other
DIGESTS = ("sha256", "sm3")
#: problems kept in a verdict; the rest are only counted
SHOWN = 20

Record = Mapping[str, Plain]
#: kind of line, and its record
Line = tuple[str, Record]

_TEXT, _NUMBER, _MAYBE = (str,), (int,), (str, type(None))
#: kinds in the order in which they must come, with the type of each column
SHAPES: Mapping[str, Mapping[str, tuple[type, ...]]] = {
    "header": {"format": _NUMBER, "tables": (list,)},
    "audit_seal": {
        "number": _NUMBER,
        "at": _TEXT,
        "leaf_count": _NUMBER,
        "root": _TEXT,
        "hash": _TEXT,
        "previous": _TEXT,
        "digest": _TEXT,
    },
    "audit_seal_leaf": {
        "seal": _NUMBER,
        "position": _NUMBER,
        "stream": _TEXT,
        "seq": _NUMBER,
        "digest": _TEXT,
    },
    "audit_stream": {"stream": _TEXT, "last_seq": _NUMBER, "last_digest": _TEXT, "sealed_seq": _NUMBER},
    "audit_event": {
        **dict.fromkeys(("stream", "at", "action", "actor", "actor_name", "subject", "reason"), _TEXT),
        **dict.fromkeys(("hash", "previous", "digest"), _TEXT),
        **dict.fromkeys(("before", "after", "sealed_table", "sealed_key", "sealed_digest"), _MAYBE),
        "seq": _NUMBER,
    },
    "row": {"table": _TEXT, "key": _TEXT, "content": (dict,)},
    "trailer": {"lines": _NUMBER},
}
_KINDS = list(SHAPES)

_NOTEBOOK = """
CREATE TABLE seal(number INTEGER PRIMARY KEY, root TEXT, hash TEXT, leaf_count INTEGER);
CREATE TABLE leaf(stream TEXT, seq INTEGER, digest TEXT, seal INTEGER);
CREATE INDEX leaf_stream ON leaf(stream);
CREATE TABLE head(stream TEXT PRIMARY KEY, last_seq INTEGER, last_digest TEXT);
CREATE TABLE voucher(tab TEXT, key TEXT, hash TEXT, digest TEXT, place TEXT, PRIMARY KEY(tab, key));
"""


class UnreadableTrailError(Exception):
    """导出文件读不懂：缺栏、次序不对或被截断。请重新导出，并保留这份文件备查。"""

    retryable = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a verification found."""

    ok: bool
    #: the first row that does not agree and why; None when all do
    first_broken: str | None
    #: the first twenty, in the order found
    broken: tuple[str, ...]
    events: int
    streams: int
    seals: int
    #: rows of other tables that the trail vouches for
    rows: int

    @property
    def text(self) -> str:
        """The verdict as a sentence."""
        counted = (
            f"事件 {self.events} 条，链 {self.streams} 条，封存 {self.seals} 次，业务记录 {self.rows} 条"
        )
        if self.first_broken is None:
            return f"核对一致：{counted}"
        return f"第一处不符：{self.first_broken}（已读{counted}）"


def verify_lines(lines: Iterable[Line]) -> Verdict:
    """The verdict over the lines; lines that cannot be read make it a no, never an exception."""
    with closing(sqlite3.connect("")) as notebook:
        notebook.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _NOTEBOOK)
        check = _Check(notebook)
        broken: list[str] = []
        try:
            for problem in check.problems(lines):
                if len(broken) < SHOWN:
                    broken.append(problem)
        except UnreadableTrailError as unreadable:
            broken.append(str(unreadable))
    return Verdict(
        ok=not broken,
        first_broken=broken[0] if broken else None,
        broken=tuple(broken),
        events=check.counts["audit_event"],
        streams=check.counts["audit_stream"],
        seals=check.counts["audit_seal"],
        rows=check.counts["row"],
    )


class _Check:
    """One run over the lines; each kind has a ``_take_…`` for a line and a ``_end_…`` after the last."""

    def __init__(self, notebook: sqlite3.Connection) -> None:
        self._notes = notebook
        self.counts = dict.fromkeys(_KINDS, 0)
        self._tables: frozenset[str] = frozenset()
        # the seal read last, and the Merkle tree of the leaves read last
        self._seal_number, self._seal_digest = 0, GENESIS
        self._leaf_seal = 0
        self._merkle: MerkleRoot | None = None
        # the stream being read, its last event, and what seals say of it
        self._stream: str | None = None
        self._seq, self._digest = 0, GENESIS
        self._leaves: dict[int, tuple[str, int]] = {}

    def problems(self, lines: Iterable[Line]) -> Iterator[str]:
        """Every problem in the order found; UnreadableTrailError where reading cannot go on."""
        take = {
            "header": self._take_header,
            "audit_seal": self._take_seal,
            "audit_seal_leaf": self._take_leaf,
            "audit_stream": self._take_head,
            "audit_event": self._take_event,
            "row": self._take_row,
            "trailer": self._take_trailer,
        }
        end = {
            "audit_seal_leaf": self._end_leaves,
            "audit_event": self._end_events,
            "row": self._end_rows,
        }
        rank = 0
        for number, (kind, record) in enumerate(lines, start=1):
            _require_shape(number, kind, record)
            if _KINDS.index(kind) < rank or (number == 1) != (kind == "header"):
                raise UnreadableTrailError(f"第 {number} 行（{kind}）次序不对")
            while rank < _KINDS.index(kind):
                yield from end.get(_KINDS[rank], _nothing)()
                rank += 1
            self.counts[kind] += 1
            yield from take[kind](record)
        if not self.counts["trailer"]:
            raise UnreadableTrailError("缺少结尾行，文件被截断")

    def _take_header(self, record: Record) -> Iterator[str]:
        if record["format"] != FORMAT:
            raise UnreadableTrailError(f"第 1 行：不支持的导出版本 {record['format']}")
        self._tables = frozenset(str(name) for name in cast(list[Plain], record["tables"]))
        yield from ()

    def _take_seal(self, record: Record) -> Iterator[str]:
        number = _number(record, "number")
        if number != self._seal_number + 1:
            yield f"audit_seal {self._seal_number + 1}：此次封存不见了（其后是 {number}）"
        if record["previous"] != self._seal_digest:
            yield f"audit_seal {number}：与上一次封存接不上"
        if not _link_holds(record):
            yield f"audit_seal {number}：内容被改动"
        self._seal_number, self._seal_digest = number, str(record["digest"])
        self._notes.execute(
            "INSERT OR REPLACE INTO seal VALUES (?,?,?,?)",
            (number, record["root"], record["hash"], record["leaf_count"]),
        )

    def _take_leaf(self, record: Record) -> Iterator[str]:
        number = _number(record, "seal")
        if number != self._leaf_seal:
            yield from self._close_tree()
            self._leaf_seal = number
            self._merkle = self._tree_of(number)
            if self._merkle is None:
                yield f"audit_seal_leaf {number}/{record['position']}：没有对应的封存"
        if self._merkle is not None:
            if record["position"] != self._merkle.count + 1:
                yield f"audit_seal_leaf {number}/{self._merkle.count + 1}：叶子不见了或次序被改"
            self._merkle.add({name: record[name] for name in ("stream", "seq", "digest")})
        self._notes.execute(
            "INSERT INTO leaf VALUES (?,?,?,?)", (record["stream"], record["seq"], record["digest"], number)
        )

    def _tree_of(self, number: int) -> MerkleRoot | None:
        found = self._notes.execute("SELECT hash FROM seal WHERE number = ?", (number,)).fetchone()
        return MerkleRoot(found[0]) if found and found[0] in ("sha256", "sm3") else None

    def _close_tree(self) -> Iterator[str]:
        if self._merkle is None:
            return
        root, leaf_count = self._notes.execute(
            "SELECT root, leaf_count FROM seal WHERE number = ?", (self._leaf_seal,)
        ).fetchone()
        if leaf_count != self._merkle.count:
            yield f"audit_seal {self._leaf_seal}：应有 {leaf_count} 片叶子，现有 {self._merkle.count}"
        elif root != self._merkle.root():
            yield f"audit_seal {self._leaf_seal}：叶子被改动，树根不符"
        self._notes.execute("DELETE FROM seal WHERE number = ?", (self._leaf_seal,))
        self._merkle = None

    def _end_leaves(self) -> Iterator[str]:
        yield from self._close_tree()
        for (number,) in self._notes.execute("SELECT number FROM seal ORDER BY number"):
            yield f"audit_seal {number}：叶子全部不见了"

    def _take_head(self, record: Record) -> Iterator[str]:
        stream = record["stream"]
        (sealed,) = self._notes.execute("SELECT max(seq) FROM leaf WHERE stream = ?", (stream,)).fetchone()
        if _number(record, "sealed_seq") > (sealed or 0):
            yield f"audit_stream {stream}：记为已封存到 {record['sealed_seq']}，封存里只到 {sealed or 0}"
        self._notes.execute(
            "INSERT OR REPLACE INTO head VALUES (?,?,?)", (stream, record["last_seq"], record["last_digest"])
        )

    def _take_event(self, record: Record) -> Iterator[str]:
        stream, seq = str(record["stream"]), _number(record, "seq")
        name = f"audit_event {stream} 第 {seq} 号"
        if stream != self._stream:
            yield from self._close_stream()
            if self._stream is not None and stream < self._stream:
                raise UnreadableTrailError(f"{name}：链的次序不对")
            self._open_stream(stream)
        if seq != self._seq + 1:
            yield f"audit_event {stream} 第 {self._seq + 1} 号：不见了（其后是第 {seq} 号）"
        if not _link_holds(record):
            yield f"{name}：内容被改动"
        elif record["previous"] != self._digest:
            yield f"{name}：与上一条接不上"
        self._seq, self._digest = seq, str(record["digest"])
        digest, seal = self._leaves.pop(seq, (self._digest, 0))
        if digest != self._digest:
            yield f"{name}：与第 {seal} 次封存不符"
        if record["sealed_table"] is not None:
            self._notes.execute(
                "INSERT OR REPLACE INTO voucher VALUES (?,?,?,?,?)",
                (*(record[c] for c in ("sealed_table", "sealed_key", "hash", "sealed_digest")), name),
            )

    def _open_stream(self, stream: str) -> None:
        self._stream, self._seq, self._digest = stream, 0, GENESIS
        leaves = self._notes.execute("SELECT seq, digest, seal FROM leaf WHERE stream = ?", (stream,))
        self._leaves = {seq: (digest, seal) for seq, digest, seal in leaves}

    def _close_stream(self) -> Iterator[str]:
        if self._stream is None:
            return
        head = self._notes.execute(
            "SELECT last_seq, last_digest FROM head WHERE stream = ?", (self._stream,)
        ).fetchone()
        if head is None:
            yield f"audit_stream {self._stream}：链头不见了"
        elif head != (self._seq, self._digest):
            yield f"audit_stream {self._stream}：链头是第 {head[0]} 号，事件到第 {self._seq} 号，二者不符"
        for seq, (_, seal) in sorted(self._leaves.items()):
            yield f"audit_event {self._stream} 第 {seq} 号：第 {seal} 次封存里有，现在没有"
        self._notes.execute("DELETE FROM head WHERE stream = ?", (self._stream,))
        self._notes.execute("DELETE FROM leaf WHERE stream = ?", (self._stream,))

    def _end_events(self) -> Iterator[str]:
        yield from self._close_stream()
        for (stream,) in self._notes.execute("SELECT stream FROM head ORDER BY stream"):
            yield f"audit_stream {stream}：整条链的事件不见了"
        for stream, seq in self._notes.execute("SELECT stream, max(seq) FROM leaf GROUP BY stream"):
            yield f"audit_event {stream} 第 {seq} 号：封存里有，现在整条链没有"

    def _take_row(self, record: Record) -> Iterator[str]:
        table, key = record["table"], record["key"]
        voucher = self._notes.execute(
            "SELECT hash, digest, place FROM voucher WHERE tab = ? AND key = ?", (table, key)
        ).fetchone()
        if voucher is None:
            yield f"{table} {key}：没有任何审计事件为它作证（凭空多出）"
            return
        name, digest, place = voucher
        if name not in DIGESTS or digest_of(name, canonical(dict(record))) != digest:
            yield f"{table} {key}：内容与 {place} 所证不符"
        self._notes.execute("DELETE FROM voucher WHERE tab = ? AND key = ?", (table, key))

    def _end_rows(self) -> Iterator[str]:
        for table, key, place in self._notes.execute(
            "SELECT tab, key, place FROM voucher ORDER BY tab, rowid"
        ):
            if table in self._tables:
                yield f"{table} {key}：{place} 证明有过，现在没有"
            else:
                yield f"{table}：表没有登记，{key} 无法核对"

    def _take_trailer(self, record: Record) -> Iterator[str]:
        lines = sum(self.counts.values()) - 1  # all but this one
        if record["lines"] != lines:
            yield f"结尾行：应有 {record['lines']} 行，读到 {lines} 行"


def _nothing() -> Iterator[str]:
    return iter(())


def _require_shape(number: int, kind: str, record: Record) -> None:
    shape = SHAPES.get(kind)
    if shape is None:
        raise UnreadableTrailError(f"第 {number} 行：不认识的种类 {kind!r}")
    if shape.keys() != record.keys():
        raise UnreadableTrailError(f"第 {number} 行（{kind}）：栏目应为 {'、'.join(shape)}")
    for name, types in shape.items():
        value = record[name]
        # a number beyond eight bytes stands in no column of ours
        too_big = isinstance(value, int) and not -(2**63) <= value < 2**63
        if not isinstance(value, types) or isinstance(value, bool) or too_big:
            raise UnreadableTrailError(f"第 {number} 行（{kind}）：{name} 的值不对")


def _number(record: Record, name: str) -> int:
    return cast(int, record[name])


def _link_holds(record: Record) -> bool:
    return record["hash"] in DIGESTS and link_digest(record) == record["digest"]
