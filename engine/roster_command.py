"""The command ``changling take-roster``: a roster for matching too large for a page, taken in by a data steward (CTRL-02)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.values import Refusal

if TYPE_CHECKING:
    from engine.cases.office import Office


def take_roster(opened: Callable[[], AbstractContextManager[Office]]) -> click.Command:
    """The command, which opens the office by the function given."""

    @click.command("take-roster")
    @click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option(
        "--kind",
        required=True,
        help="population|employment|business|pension|services|custody：名册种类 (kind of roster)",
    )
    @click.option(
        "--as-of",
        required=True,
        type=click.DateTime(["%Y-%m-%d"]),
        help="名册描述的日期 (the day that it describes)",
    )
    @click.option("--source", required=True, help="谁提供、怎样送来 (who sent it, and how)")
    @click.option("--region", default="", help="所辖地区代码，默认本机构 (GB/T 2260)")
    @click.option("--by", "login", required=True, help="数据管理岗的登录名 (login of the data steward)")
    @click.option("--password", prompt="密码 (password)", hide_input=True)
    def command(
        *, file: Path, kind: str, as_of: datetime, source: str, region: str, login: str, password: str
    ) -> None:
        """收入比对名册 (take in a roster)；文件再大也逐行读入，一行有错就整份退回."""
        logging.basicConfig(level=logging.ERROR)
        with opened() as office:
            from engine.cases.rosters import take_roster_file
            from engine.cases.staff import sign_in

            actor = sign_in(office, login=login, password=password)
            if isinstance(actor, Refusal):
                raise click.ClickException(actor.text)
            with file.open("rb") as content:
                outcome = take_roster_file(
                    office,
                    actor,
                    content,
                    kind=kind,
                    region=region or office.settings.region,
                    as_of=as_of.date().isoformat(),
                    source=source,
                )
        if isinstance(outcome, Refusal):
            raise click.ClickException(outcome.text)
        click.echo(outcome.message)

    return command
