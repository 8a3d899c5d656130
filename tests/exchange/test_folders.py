"""Letters as files: laid out whole, taken once, answered beside, and what is bad laid aside with its reason."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from builders import Case, a_transfer
from offices import FixedClock
from two_offices import (
    DEZHOU,
    JINAN,
    LIAOCHENG,
    Pair,
    a_letter,
    faults,
    keys_and_peers,
    messages,
    two_offices,
)

from engine.cases import correspondence
from engine.exchange.envelope import BYTES_MAX
from engine.registers.cast import PEOPLE
from engine.values import SYSTEM


@pytest.fixture
def pair(server: str, templates: Mapping[str, str], tmp_path: Path, clock: FixedClock) -> Iterator[Pair]:
    """Both offices, with a folder each for the other."""
    addresses = {code: str(tmp_path / "folders" / f"to-{code}") for code in (LIAOCHENG, DEZHOU, JINAN)}
    keys_and_peers(tmp_path, channel="folder", addresses=addresses)
    with two_offices(server, templates, tmp_path, clock) as opened:
        yield opened


def at(tmp_path: Path, code: str, name: str) -> Path:
    """The folder of that name that the other office of the pair has for the office of the code."""
    folder = tmp_path / "folders" / f"to-{code}" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def carried(tmp_path: Path, *, keep: bool = False) -> list[str]:
    """Every file that waits in an ``out``, carried to the other's ``in``; their names."""
    names = []
    for code, other in ((LIAOCHENG, DEZHOU), (DEZHOU, LIAOCHENG)):
        for path in sorted(at(tmp_path, code, "out").glob("*.json")):
            (shutil.copy if keep else shutil.move)(path, at(tmp_path, other, "in") / path.name)
            names.append(f"{code}/{path.name}")
    return names


def asked(pair: Pair) -> Case:
    return a_transfer(pair.dezhou, source=LIAOCHENG, to=DEZHOU).answers("accept_transfer")


@pytest.mark.req("TRANS-01", "TRANS-04")
def test_a_transfer_goes_by_files_there_and_back(pair: Pair, tmp_path: Path) -> None:
    case = asked(pair)
    pair.sweep()
    assert carried(tmp_path) == ["371500/00000001.json"]
    pair.sweep()
    pair.out_case().answers("review_transfer").answers("approve_transfer")
    pair.sweep()
    assert "371400/00000001.ack.json" in carried(tmp_path)
    pair.sweep()

    assert "credit_months" in case.history()
    (letter,) = messages(pair.dezhou, "out")[:1]
    assert (letter.ack_state, letter.acked_at is not None) == ("taken", True)
    assert not list(at(tmp_path, DEZHOU, "in").iterdir()) + list(at(tmp_path, LIAOCHENG, "in").iterdir())
    assert {path.name for path in at(tmp_path, DEZHOU, "done").iterdir()} >= {"00000001.json"}
    assert not faults(pair.liaocheng) + faults(pair.dezhou)


@pytest.mark.req("TRANS-04")
def test_the_same_file_again_changes_nothing(pair: Pair, tmp_path: Path) -> None:
    asked(pair)
    pair.sweep()
    for _ in range(3):
        carried(tmp_path, keep=True)
        pair.sweep()

    assert [each.outcome for each in messages(pair.liaocheng, "in")] == ["heard"]
    assert [path.name for path in at(tmp_path, DEZHOU, "done").iterdir()] == ["00000001.json"]


@pytest.mark.req("TRANS-04")
def test_beside_each_letter_lies_a_sheet_for_people(pair: Pair, tmp_path: Path) -> None:
    asked(pair)
    pair.sweep()

    text = (at(tmp_path, LIAOCHENG, "out") / "00000001.txt").read_text()

    assert text.startswith("失业保险关系转移接续 联系函\n")
    assert f"公民身份号码：{PEOPLE['qin'].id_number}" in text
    assert "转出地：371500" in text


@pytest.mark.req("TRANS-04")
def test_a_bad_file_is_laid_aside_with_its_reason_and_holds_up_no_other(pair: Pair, tmp_path: Path) -> None:
    into = at(tmp_path, DEZHOU, "in")
    (into / "a.json").write_bytes(b"{}")
    (into / "b.json").write_bytes(b" " * (BYTES_MAX + 1))
    (into / "c.json").write_bytes(a_letter(tmp_path, sender=JINAN, to_region=JINAN))
    (into / "d.json").write_bytes(b'{"ack":{},"signature":""}')
    (into / "e.json").symlink_to(tmp_path / DEZHOU / "exchange.key")
    (into / "note.txt").write_text("请查收")
    (into / "z.json").write_bytes(a_letter(tmp_path))

    pair.sweep()

    bad = at(tmp_path, DEZHOU, "bad")
    assert {path.name for path in bad.glob("*.json")} == {"a.json", "b.json", "c.json", "d.json"}
    assert "写法不合约定" in (bad / "a.txt").read_text()
    assert "超过 64 KB" in (bad / "b.txt").read_text()
    assert "不是这个目录所属机构的" in (bad / "c.txt").read_text()
    assert {path.name for path in into.iterdir()} == {"e.json", "note.txt"}
    assert [each.outcome for each in messages(pair.liaocheng, "in")] == ["heard"]
    (state,) = [each for each in correspondence.folder_states(pair.liaocheng) if each.peer == DEZHOU]
    assert (state.usable, state.waiting, state.bad, state.out) == (True, 0, 4, 1)


@pytest.mark.req("TRANS-04")
def test_two_files_of_one_name_and_other_content_are_both_kept(pair: Pair, tmp_path: Path) -> None:
    into, bad = at(tmp_path, DEZHOU, "in"), at(tmp_path, DEZHOU, "bad")
    for content in (b"{}", b"[]"):
        (into / "a.json").write_bytes(content)
        pair.sweep()

    assert sorted(path.read_bytes() for path in bad.glob("*.json")) == [b"[]", b"{}"]


@pytest.mark.req("TRANS-04")
def test_a_receipt_for_what_was_never_sent_is_bad(pair: Pair, tmp_path: Path) -> None:
    asked(pair)
    pair.sweep()
    (letter,) = at(tmp_path, LIAOCHENG, "out").glob("*.json")
    (at(tmp_path, DEZHOU, "in") / "1.json").write_bytes(letter.read_bytes())
    pair.sweep()
    (answer,) = at(tmp_path, DEZHOU, "out").glob("*.ack.json")
    receipt = answer.read_bytes()
    (at(tmp_path, LIAOCHENG, "in") / "1.ack.json").write_bytes(receipt.replace(b'"number":1', b'"number":2'))

    pair.sweep()

    assert "签名不符" in (at(tmp_path, LIAOCHENG, "bad") / "1.ack.txt").read_text()
    assert messages(pair.dezhou, "out")[0].acked_at is None
    (at(tmp_path, LIAOCHENG, "in") / "2.ack.json").write_bytes(receipt)
    pair.sweep()
    assert messages(pair.dezhou, "out")[0].ack_state == "taken"


@pytest.mark.req("TRANS-04")
def test_a_letter_that_nobody_fetched_is_laid_out_again_by_hand(pair: Pair, tmp_path: Path) -> None:
    asked(pair)
    pair.sweep()
    (letter,) = at(tmp_path, LIAOCHENG, "out").glob("*.json")
    content = letter.read_bytes()
    letter.unlink()
    (sent,) = messages(pair.dezhou, "out")

    done = correspondence.resend(pair.dezhou, SYSTEM, sent.id)

    assert "已重发" in done.message  # type: ignore[union-attr]
    assert letter.read_bytes() == content


@pytest.mark.req("TRANS-04")
def test_a_folder_that_cannot_be_written_delays_the_letter(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "folders").write_text("in the way")
    asked(pair)
    pair.sweep()
    assert [each.usable for each in correspondence.folder_states(pair.dezhou)] == [False, False]

    (tmp_path / "folders").unlink()
    pair.wait()

    assert (at(tmp_path, LIAOCHENG, "out") / "00000001.json").exists()
