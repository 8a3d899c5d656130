"""Rosters for matching: read line by line, refused whole with every faulty line, by page or by command (CTRL-02)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from io import BytesIO
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from offices import FixedClock, settings_for
from sqlalchemy import func, select

from engine import duties
from engine.cases.office import Office, open_office
from engine.cases.rosters import RosterView, rosters, take_roster_file
from engine.cases.staff import sign_in
from engine.cases.views import Done
from engine.people import sync_regions
from engine.registers.cast import PEOPLE
from engine.registers.crowd import Crowd
from engine.registers.roster_lines import KEPT, RosterFileError
from engine.registers.roster_tables import RosterLine
from engine.registers.rosters import COLUMNS, RosterKind, read_roster
from engine.roster_command import take_roster
from engine.store.crypto import Vault
from engine.store.text_files import lines_of, text_of
from engine.values import Actor, Refusal

pytestmark = pytest.mark.req("CTRL-02")

TODAY, AS_OF = date(2025, 12, 20), date(2025, 12, 1)
HEAD = ",".join(COLUMNS)
NUMBERS = [each.id_number for each in PEOPLE.values()]
PASSWORD = "staffed-offices-2025"


@pytest.fixture(scope="module")
def desk(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office on 20 December 2025 with regions and staff."""
    office = open_office(
        settings_for(database_url, tmp_path_factory.mktemp("desk")), clock=FixedClock(f"{TODAY}T09:00+08:00")
    )
    with office.store.transaction() as session:
        sync_regions(session, office.settings.processes_dir / "regions.yaml")
        duties.sync(session, office.duties)
        duties.seed_staff(session, office.duties, office.vault, day=date(2025, 11, 3), password=PASSWORD)
    yield office
    office.close()


def a_file(*lines: str, head: str = HEAD) -> bytes:
    return ("\n".join((head, *lines)) + "\n").encode()


def a_vault(tmp_path: Path) -> Vault:
    return Vault(settings_for("postgresql+psycopg://nobody@127.0.0.1/none", tmp_path))


def faults_of(file: bytes, vault: Vault, kind: RosterKind = "employment") -> RosterFileError:
    with pytest.raises(RosterFileError) as wrong:
        list(read_roster(BytesIO(file), kind, vault=vault, until=AS_OF))
    return wrong.value


def test_each_faulty_line_is_told_with_what_is_wrong_in_it(tmp_path: Path) -> None:
    good = f"{NUMBERS[0]},ST1,2025-11-05,某公司"
    file = a_file(
        good,
        "371502199001010000,ST1,2025-11-05,某公司",
        f"{NUMBERS[1]},ST4,2025-11-05,养老金",
        "",
        f"{NUMBERS[2]},ST1,2025年11月5日,某公司",
        f"{NUMBERS[3]},ST1,2025-12-02,某公司",
        f"{NUMBERS[4]},ST1,2025-11-05",
        good.replace("某公司", "说明里有,逗号"),
        f"{NUMBERS[5]},,,在册",
    )

    wrong = faults_of(file, a_vault(tmp_path))

    assert [(fault.line, fault.message) for fault in wrong.faults] == [
        (3, "身份证号不正确"),
        (4, "停领情形「ST4」不属于参保缴费，可填：ST1"),
        (6, "发生日期「2025年11月5日」应写成 2026-11-05"),
        (7, "发生日期 2025-12-02 晚于名册日期 2025-12-01"),
        (8, "应有4栏，现有3栏"),
        (9, "应有4栏，现有5栏"),
        (10, "停领情形「」不属于参保缴费，可填：ST1"),
    ]
    assert all(fault.message_en for fault in wrong.faults)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (b"", 1),
        (a_file(head="身份证号,情形"), 1),
        (a_file() + b"\xff\xff\xff", 1),
        (a_file() + b"\0\0\0\0", 1),
        (a_file(f"{NUMBERS[0]},ST1,2025-11-05,{'长' * 140_000}"), 2),
    ],
    ids=["empty", "another head", "no text", "binary", "no CSV"],
)
def test_what_is_no_roster_file_is_refused_with_a_line(tmp_path: Path, file: bytes, line: int) -> None:
    wrong = faults_of(file, a_vault(tmp_path))

    assert [fault.line for fault in wrong.faults] == [line]


def test_of_very_many_faults_the_first_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    wrong = faults_of(a_file(*["不是号码,ST1,2025-11-05,某公司"] * (KEPT + 200)), a_vault(tmp_path))

    assert (len(wrong.faults), wrong.count) == (KEPT, KEPT + 200)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_read_in_the_encoding_it_has_wherever_a_character_begins(encoding: str) -> None:
    text = "a" + "畅领🀄" * 200_000 + "\n第二行\n"
    file = BytesIO(text.encode(encoding))

    assert "".join(lines_of(file)) == text == text_of(file.getvalue())
    assert "".join(lines_of(file)) == text, "and once more"


@pytest.mark.slow
def test_a_roster_is_taken_whole_or_not_at_all(desk: Office) -> None:
    steward = signed_in(desk)
    lines = [f"{number},ST1,2025-11-05,某公司" for number in NUMBERS]

    refused = taken(desk, steward, a_file(*lines, "不是号码,ST1,2025-11-05,某公司"))
    assert isinstance(refused, Refusal)
    assert [reason.text for reason in refused.reasons] == [f"第{len(lines) + 2}行：身份证号不正确"]
    assert kept(desk) == (0, [])

    assert isinstance(taken(desk, steward, a_file(*lines)), Done)
    assert isinstance(taken(desk, steward, a_file(*lines)), Done), "the same again is the same"
    assert kept(desk) == (len(lines), [("employment", "current", len(lines))])


@pytest.mark.slow
def test_two_rosters_that_name_nobody_are_two(desk: Office) -> None:
    steward = signed_in(desk)
    before = len(kept(desk)[1])

    for kind in ("custody", "services"):
        assert isinstance(taken(desk, steward, a_file(), kind=kind), Done)

    assert kept(desk)[1][: -before or None] == [("services", "current", 0), ("custody", "current", 0)]


@pytest.mark.slow
def test_the_command_takes_a_file_that_no_page_takes_by_a_data_steward_only(
    desk: Office, tmp_path: Path
) -> None:
    crowd = Crowd(7, 60_000, AS_OF, ("371502", "371521"))
    path = tmp_path / "population.csv"
    detail = "人口基础信息" * 20
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD + "\n")
        file.writelines(f"{crowd.citizen(at).id_number},,,{detail}\n" for at in range(crowd.people))
    assert path.stat().st_size > 8 * 1024 * 1024

    refused = command(desk, path, by="wangshouli")
    assert refused.exit_code == 1
    assert "数据管理" in refused.output
    wrong = command(desk, path, by="fengshuju", password="another")
    assert wrong.exit_code == 1

    done = command(desk, path, by="fengshuju")

    assert done.exit_code == 0, done.output
    assert "人口基础信息名册已收入：60000 行" in done.output
    assert kept(desk)[1][0] == ("population", "current", 60_000)


def signed_in(office: Office) -> Actor:
    actor = sign_in(office, login="fengshuju", password=PASSWORD)
    assert isinstance(actor, Actor), actor
    return actor


def taken(office: Office, actor: Actor, file: bytes, *, kind: str = "employment") -> Done | Refusal:
    return take_roster_file(
        office, actor, BytesIO(file), kind=kind, region="371500", as_of=str(AS_OF), source="测试"
    )


def kept(office: Office) -> tuple[int, list[tuple[str, str, int]]]:
    """How many lines of rosters there are, and the rosters, latest first."""
    found = rosters(office, signed_in(office))
    assert isinstance(found, tuple)
    with office.store.reading() as session:
        lines = session.scalar(select(func.count()).select_from(RosterLine)) or 0
    return lines, [(row.kind, row.status, row.lines) for row in found if isinstance(row, RosterView)]


def command(office: Office, path: Path, *, by: str, password: str = PASSWORD) -> Result:
    typed = [str(path), "--kind", "population", "--as-of", str(AS_OF), "--source", "测试", "--by", by]
    made: click.Command = take_roster(lambda: nullcontext(office))
    return CliRunner().invoke(made, typed, input=f"{password}\n")
