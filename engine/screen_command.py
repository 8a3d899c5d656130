"""The command ``changling screen-refunds``: every employer screened for the refund of a year, told on the terminal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from engine.values import SYSTEM, Refusal

if TYPE_CHECKING:
    from engine.cases.office import Office
    from engine.cases.screening_views import ScreeningView


def screen_refunds(opened: Callable[[], AbstractContextManager[Office]]) -> click.Command:
    """The command, which opens the office by the function given."""

    @click.command("screen-refunds")
    @click.argument("year", type=click.IntRange(2018, 2199))
    @click.option("--region", default="", help="统筹区代码，默认本机构 (GB/T 2260)")
    def command(*, year: int, region: str) -> None:
        """稳岗返还筛查：全部参保单位逐条比对条件 (screen every employer)；中断后再运行会接着做."""
        logging.basicConfig(level=logging.ERROR)
        with opened() as office:
            from engine.cases.screening import drive, screening_of, start_screening

            run = start_screening(office, SYSTEM, year=year, region=region)
            if isinstance(run, Refusal):
                raise click.ClickException(run.text)
            with click.progressbar(length=run.total, label=f"{year} 年度第{run.round}轮") as bar:
                drive(office, run.run_id, say=lambda done, _total: bar.update(done - bar.pos))
            click.echo(screening_text(screening_of(office, run.run_id)))

    return command


def screening_text(run: ScreeningView) -> str:
    """What a screening found: outcomes by size, failed conditions, regions, and what was not on file."""
    lines = [
        f"{run.region_name} {run.year} 年度稳岗返还筛查第{run.round}轮：{run.employers} 户，"
        f"预计返还 {run.amount} 元 ({run.status})"
    ]
    lines += [
        f"  {row.outcome_name} {row.size_name} {row.count:>8} 户  {row.total:>16} 元 ({row.outcome_name_en}, {row.size_name_en})"
        for row in run.outcomes
    ]
    lines += [f"  {row.text} {row.count:>8} 户 ({row.text_en})" for row in run.conditions if row.count]
    lines += [
        f"  {row.name}：符合 {row.eligible}，须申请 {row.apply}，不符合 {row.no}，{row.total} 元"
        for row in run.regions
    ]
    lines += [f"  未办 (not done)：{gap.text}" for gap in run.gaps]
    return "\n".join(lines)
