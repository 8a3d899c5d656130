"""The channel to the bank: files out of the outbox, receipts in, nothing by hand.

``folder`` exchanges files in ``data_dir/bank`` (out, in, done, refused) with whatever carries them to
the bank; ``test`` lets the shipped bank answer at once. Both may repeat a step without harm.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import orjson

from engine.cases.office import Office
from engine.cases.payments import take_receipt
from engine.money.bank_file import TestBank
from engine.money.batches import open_bank_file
from engine.store import outbox
from engine.store.outbox import OutboxMessage
from engine.store.whole_files import write_whole
from engine.values import SYSTEM, Refusal


def send_bank_file(office: Office, message_id: int) -> bool:
    """Put the file where the bank takes it, then mark it sent; the same number gives the same bytes again."""
    with office.store.reading() as session:
        message = session.get_one(OutboxMessage, message_id)
        number, payload = message.key, orjson.loads(message.payload)
    file = open_bank_file(office.vault, payload)
    write_whole(_folder(office, "out") / f"{number}.txt", file)
    if office.settings.bank == "test":
        write_whole(_folder(office, "in") / f"{number}.txt", TestBank().answer(file))
    with office.store.transaction() as session:
        outbox.mark_sent(session, message_id, now=office.clock(), receipt=f"已送银行：{number}.txt")
    return True


def collect_receipts(office: Office) -> int:
    """Take every receipt that the bank has put down; a refused one is laid aside with its reasons.

    Two may collect at once: what the other one has moved away is passed over, and the same receipt
    changes nothing twice. One that could not be looked at for being busy stays for the next time.
    """
    taken = 0
    for path in sorted(_folder(office, "in").glob("*.txt")):
        with suppress(FileNotFoundError):
            taken += _collect(office, path)
    return taken


def _collect(office: Office, path: Path) -> bool:
    """Whether the receipt was taken; FileNotFoundError where another collector was quicker."""
    outcome = take_receipt(office, SYSTEM, path.read_bytes())
    if not isinstance(outcome, Refusal):
        path.replace(_folder(office, "done") / path.name)
        return True
    if outcome.reasons[0].code == "busy":
        return False
    target = _folder(office, "refused") / path.name
    path.replace(target)
    write_whole(target.with_suffix(".why"), outcome.text.encode())
    return True


def _folder(office: Office, name: str) -> Path:
    folder = office.settings.data_dir / "bank" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
