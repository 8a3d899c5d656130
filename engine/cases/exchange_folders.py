"""The folder channel: letters as files, for an office that cannot be reached or has another system.

``out`` is ours to fill and the carrier's to empty, ``in`` the other way; what was taken goes to ``done``, what could
not be to ``bad`` with the reason beside it. ``docs/howto/exchange.md`` describes the files.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from engine.cases.exchange_door import answer, judged, note_ack
from engine.cases.exchange_sheets import sheet_of
from engine.cases.office import Office
from engine.exchange.envelope import BYTES_MAX, EnvelopeError, is_ack
from engine.exchange.peers import Peer
from engine.exchange.tables import ExchangeMessage
from engine.store.canonical import digest_of
from engine.store.whole_files import write_whole

_ACK = ".ack.json"
#: the door's refusals that may be over by the next sweep
_LATER = frozenset({"busy"})
#: the carrier is another user of the same group
_MODE = 0o640


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderState:
    """How many files of one peer wait where."""

    peer: str
    peer_name: str
    #: False where the folder cannot be read or written
    usable: bool
    #: letters that nobody has fetched, and answers
    out: int = 0
    #: not yet taken
    waiting: int = 0
    bad: int = 0


def lay_out(office: Office, peer: Peer, message: ExchangeMessage, sealed: bytes) -> str:
    """The letter in ``out``, with a sheet that people can read; the same file again changes nothing. OSError."""
    folder = _folder(peer, "out")
    name = f"{message.number:08d}"
    write_whole(folder / f"{name}.txt", sheet_of(office, peer, message).encode(), mode=_MODE)
    write_whole(folder / f"{name}.json", sealed, mode=_MODE)
    return f"已放入 out/{name}.json"


def collect_folders(office: Office) -> int:
    """How many files of peers were taken in; swept. A folder that is not there now is left for the next time."""
    taken = 0
    for peer in office.peers.peers.values():
        if peer.channel == "folder":
            found: list[Path] = []
            with suppress(OSError):
                found = _files(peer, "in")
            taken += sum(_collect(office, peer, path) for path in found)
    return taken


def folder_states(office: Office) -> tuple[FolderState, ...]:
    """How the folders stand, peer by peer."""
    return tuple(_state(peer) for peer in office.peers.peers.values() if peer.channel == "folder")


def _state(peer: Peer) -> FolderState:
    try:
        counts = {name: len(_files(peer, name)) for name in ("out", "in", "bad")}
    except OSError:
        return FolderState(peer=peer.code, peer_name=peer.name, usable=False)
    return FolderState(
        peer=peer.code,
        peer_name=peer.name,
        usable=True,
        out=counts["out"],
        waiting=counts["in"],
        bad=counts["bad"],
    )


def _collect(office: Office, peer: Peer, path: Path) -> bool:
    """Whether the file was dealt with; another process may have been quicker, or the file may not be ours to read."""
    with suppress(OSError):
        raw = _read(path)
        try:
            later = _take_ack(office, peer, raw) if is_ack(raw) else _take_letter(office, peer, raw)
        except EnvelopeError as error:
            _move(path, _folder(peer, "bad"), raw)
            write_whole(
                _folder(peer, "bad") / f"{path.stem}.txt", f"{path.name}：{error.text}\n".encode(), mode=_MODE
            )
            return True
        if later:
            return False
        _move(path, _folder(peer, "done"), raw)
        return True
    return False


def _take_letter(office: Office, peer: Peer, raw: bytes) -> bool:
    """Whether the letter is left for later; otherwise our answer is in ``out``. EnvelopeError for a bad one."""
    given = answer(office, raw, via=peer.code)
    if given.code in _LATER:
        return True
    if given.code != "acked":
        raise EnvelopeError("malformed", given.text, "")
    write_whole(_folder(peer, "out") / f"{given.number:08d}{_ACK}", given.body, mode=_MODE)
    return False


def _take_ack(office: Office, peer: Peer, raw: bytes) -> bool:
    """The peer's answer noted with our letter. EnvelopeError for one that answers none of ours."""
    ack = judged(office, peer, raw)
    with office.store.transaction() as session:
        message = session.scalar(
            select(ExchangeMessage).where(
                ExchangeMessage.direction == "out",
                ExchangeMessage.peer == peer.code,
                ExchangeMessage.number == ack.number,
                ExchangeMessage.digest == ack.digest,
            )
        )
        if message is None:
            raise EnvelopeError("not_for_us", "应答的不是本机构发出的信件", "It answers no message of ours.")
        note_ack(session, office, message.id, ack, raw)
    return False


def _files(peer: Peer, name: str) -> list[Path]:
    """The letters and answers in the folder, in order of their names; no links, no parts of files."""
    return sorted(
        path for path in _folder(peer, name).glob("*.json") if path.is_file() and not path.is_symlink()
    )


def _read(path: Path) -> bytes:
    """The file, or just as much of it as shows that it is too long."""
    with path.open("rb") as file:
        return file.read(BYTES_MAX + 1)


def _move(path: Path, folder: Path, raw: bytes) -> None:
    """To that folder under its name, or where another file has it, under one that tells the two apart."""
    target = folder / path.name
    if target.exists() and _read(target) != raw:
        target = folder / f"{path.stem}.{digest_of('sha256', raw)[:8]}.json"
    path.replace(target)


def _folder(peer: Peer, name: str) -> Path:
    folder = Path(peer.address) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
