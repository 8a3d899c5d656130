"""The demo of two offices, as a person starts it: it tells the story, ends well, and leaves nothing behind."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from offices import settings_for
from sqlalchemy import make_url
from test_cli import CHANGLING, environment

from engine.cli import _pages_on
from engine.demo_transfer import tell

pytestmark = [pytest.mark.slow, pytest.mark.req("TRANS-01", "TRANS-02", "TRANS-04")]


def databases(server: str) -> set[str]:
    """The demo's databases that are on the server."""
    with psycopg.connect(server.replace("+psycopg", "")) as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'changling\\_demo\\_%'"
        )
        return {str(name) for (name,) in found}


@pytest.fixture
def told(server: str, tmp_path: Path) -> Iterator[subprocess.CompletedProcess[str]]:
    """What the command said."""
    before = databases(server)
    yield subprocess.run(
        [CHANGLING, "demo", "--transfer"],
        env=environment(CHANGLING_DATA=str(tmp_path / "var"), DATABASE_URL=server),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert databases(server) <= before, "the demo left a database behind"


@pytest.mark.parametrize("time", ["once", "again"])
def test_two_offices_move_the_rights_of_one_person_and_agree(
    told: subprocess.CompletedProcess[str], time: str
) -> None:
    assert told.returncode == 0, told.stdout + told.stderr
    for word in ("联系函", "转出信息表", "40905.00", "回执", "在途"):
        assert word in told.stdout
    assert "Traceback" not in told.stderr


def test_one_fen_more_at_one_end_is_told_and_the_demo_does_not_end_well(server: str, tmp_path: Path) -> None:
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if line.startswith("六、"):
            (name,) = re.findall(r"changling_demo_371400_\w+", "".join(said))
            url = make_url(server).set(database=name, drivername="postgresql")
            with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
                connection.execute("UPDATE rights_transfer SET fee_fen = fee_fen + 1")

    code = tell(settings_for(server, tmp_path), _pages_on, say=say)

    assert code == 1
    assert "两地不一致！" in said
