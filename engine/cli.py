"""The command ``changling``: puts the office together and calls use-cases, nothing else.

Every command loads what it needs when it runs, so that ``changling law`` answers at once. Exit codes:
0 done, 1 refused or found wanting, 2 wrong use, 3 a lawful no of ``changling law``.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import traceback
from contextlib import AbstractContextManager
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from engine.logs import log_json
from engine.opening import (
    opened_office,
    set_up_office,
    settings_with_database,
    settings_without_secret,
)
from engine.roster_command import take_roster
from engine.screen_command import screen_refunds
from engine.serving import serve_until_stopped, served
from engine.terminal import (
    check_text,
    demo_accounts,
    files_in,
    law_text,
    pairs_of,
    run_text,
    sentence,
)
from engine.values import CHINA, SYSTEM, Refusal

if TYPE_CHECKING:
    from engine.cases.office import Office

_SEED_PEOPLE, _SEED_EMPLOYERS = 2000, 200
_LAWFUL_NO = 3


def main() -> NoReturn:
    """Run the command; a known failure is one sentence on stderr, a traceback only with CHANGLING_DEBUG=1."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    changling.add_command(screen_refunds(opened_office))
    changling.add_command(take_roster(opened_office))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a file name may hold what no encoding can print
            stream.reconfigure(errors="backslashreplace")
    try:
        code = changling.main(standalone_mode=False)
    except Exception as failure:  # noqa: BLE001 - the outermost boundary: people read sentences
        code = _exit_code_of(failure)
    except KeyboardInterrupt:
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


def _exit_code_of(failure: Exception) -> int:
    """Say what went wrong; the exit code that tells scripts the same."""
    if isinstance(failure, click.exceptions.Exit):
        return failure.exit_code
    if isinstance(failure, click.ClickException):
        failure.show()
        return failure.exit_code
    if isinstance(failure, click.Abort):
        return 130
    if isinstance(failure, BrokenPipeError):  # the reader of a pipe has gone: nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if os.environ.get("CHANGLING_DEBUG") == "1":
        traceback.print_exception(failure)
    click.echo(sentence(failure), err=True)
    return 1


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="changling", message="畅领 changling %(version)s")
def changling() -> None:
    """畅领：失业保险经办后台 (a back office for unemployment insurance)."""


@changling.command()
@click.option("--demo", is_flag=True, help="先备好演示数据与账号 (prepare demo records and accounts)")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def serve(*, demo: bool, host: str, port: int) -> None:
    """打开网页服务 (serve the pages)；没有配置消息代理时同时清扫到期事项."""
    log_json(logging.StreamHandler())
    with opened_office(migrate=demo) as office:
        from engine.worker import Sweeper
        from web.app import create_app

        set_up_office(office, demo=demo)
        sweeper = None if office.settings.broker_url else Sweeper(office, revive=settings_with_database)
        if sweeper:
            sweeper.start()
        try:
            serve_until_stopped(
                create_app(office),
                host=host,
                port=port,
                ready=lambda: click.echo(demo_accounts()) if demo else None,
            )
        finally:
            if sweeper:
                sweeper.stop()


@changling.command()
def worker() -> None:
    """清扫到期事项 (Celery worker and beat；没有 CELERY_BROKER_URL 时自己清扫)."""
    log_json(logging.StreamHandler())
    settings = settings_with_database()
    from engine.worker import Sweeper, make_worker

    if settings.broker_url:
        schedule = settings.data_dir / "celerybeat-schedule"
        app = make_worker(settings)
        app.worker_main(["worker", "--beat", f"--schedule={schedule}", "--concurrency=2", "--loglevel=INFO"])
        return
    with opened_office() as office:
        Sweeper(office, revive=settings_with_database).run()


@changling.command()
def migrate() -> None:
    """把数据库升到最新结构 (bring the database to the newest shape)."""
    from engine.migrations import upgrade

    click.echo(
        f"数据库结构已是 {upgrade(settings_with_database().database_url)} (the database is up to date)"
    )


@changling.command()
@click.option("--people", default=_SEED_PEOPLE, show_default=True, type=click.IntRange(0, 10_000_000))
@click.option("--employers", default=_SEED_EMPLOYERS, show_default=True, type=click.IntRange(0, 1_000_000))
@click.option("--seed", "number", default=1, show_default=True, help="同样的数得到同样的数据")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="数据所在的日子，默认今天")
def seed(*, people: int, employers: int, number: int, day: datetime | None) -> None:
    """生成一个试用机构：人员、单位、岗位 (make a trial office)；生产模式下拒绝."""
    with opened_office(migrate=True) as office:
        from engine.cases import setup
        from engine.demo import PASSWORD

        setup.set_up(office)
        setup.seed(
            office,
            people=people,
            employers=employers,
            seed=number,
            day=day.date() if day else office.today,
            password=PASSWORD,
            say=click.echo,
        )
        click.echo(f"已生成 {people} 人、{employers} 个单位 (seeded)")


@changling.command()
@click.option(
    "--transfer", is_flag=True, help="两处经办机构之间的一件转迁 (one transfer between two offices)"
)
def demo(*, transfer: bool) -> None:
    """不用浏览器走完一件申领，从申请到银行回执 (one claim, told on the terminal)."""
    _log_to_stderr(logging.WARNING)
    settings = settings_with_database()
    if transfer:
        from engine.demo_transfer import tell as tell_of_two

        sys.exit(tell_of_two(settings, _pages_on, say=click.echo))
    from engine.demo import tell
    from engine.migrations import upgrade

    upgrade(settings.database_url)
    sys.exit(tell(settings, say=click.echo))


@changling.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--json", "as_json", is_flag=True, help="一个 JSON 数组，每个文件一项")
def check(*, paths: tuple[str, ...], as_json: bool) -> None:
    """检查流程图能否发布 (may these diagrams be published?)；不能时退出码为 1."""
    from engine.cases.controls import ControlBook
    from engine.cases.names import names_of
    from engine.duties import DutyBook
    from engine.workflow.checks import check_path

    directory = settings_without_secret().processes_dir
    duties = DutyBook.load(directory / "duties.yaml")
    names = names_of(directory, duties, ControlBook.load(directory / "controls.yaml", duties))
    files = [file for path in paths for file in files_in(path)]
    reports = [{**check_path(Path(file), names), "file": file} for file in files]
    if as_json:
        click.echo(json.dumps(reports, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(check_text(report) for report in reports))
    sys.exit(0 if all(report["ok"] for report in reports) else 1)


@changling.command()
@click.argument(
    "paths", nargs=-1, required=True, metavar="FILE…", type=click.Path(exists=True, path_type=Path)
)
def rehearse(*, paths: tuple[Path, ...]) -> None:
    """演练流程图旁的案例 (rehearse the cases of .tests.yaml files)；有不符时退出码为 1，不留任何记录."""
    _log_to_stderr(logging.ERROR)
    with opened_office() as office:
        from engine.cases.rehearse import files_beside, run_tests

        reports = [each for path in paths for each in run_tests(office, files_beside(path), only=path.name)]
    click.echo("\n".join(report.text for report in reports))
    passed = sum(report.passed for report in reports)
    click.echo(f"{len(reports)} 个案例，{passed} 个相符 (cases as expected)")
    sys.exit(0 if reports and passed == len(reports) else 1)


@changling.command()
@click.argument("name")
@click.argument("arguments", nargs=-1, metavar="KEY=VALUE…")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="哪一天的规定，默认今天")
@click.option("--region", help="统筹区代码 (GB/T 2260)")
@click.option("--json", "as_json", is_flag=True)
def law(
    *, name: str, arguments: tuple[str, ...], on: datetime | None, region: str | None, as_json: bool
) -> None:
    """问一条规定，答案附理由与依据 (ask a rule)；依法不予时退出码为 3."""
    from engine.law.answers import answer
    from engine.law.calendar import WorkCalendar
    from engine.law.policy import PolicyBook

    settings = settings_without_secret()
    given = answer(
        name,
        pairs_of(arguments),
        on=(on or datetime.now(CHINA)).date(),
        region=region or settings.region,
        book=PolicyBook.load(settings.processes_dir / "policy"),
        calendar=WorkCalendar.load(settings.processes_dir / "calendar"),
    )
    click.echo(json.dumps(given, ensure_ascii=False, indent=2) if as_json else law_text(given))
    sys.exit(_LAWFUL_NO if given.get("refused") else 0)


@changling.command()
@click.option(
    "--export", "export_to", type=click.Path(dir_okay=False, path_type=Path), help="另存一份供离线核对"
)
@click.option(
    "--from-export", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="核对导出的文件"
)
def verify(*, export_to: Path | None, from_export: Path | None) -> None:
    """核对账簿与审计链 (verify books and audit trail)；不符时指出第一处，退出码为 1."""
    from engine.cases import attachment_tables, screening  # noqa: F401 - the trail vouches for theirs, too
    from engine.store.export import export, verify_database, verify_export

    if from_export:
        verdict = verify_export(from_export)
        click.echo(verdict.text)
        sys.exit(0 if verdict.ok else 1)
    with opened_office() as office:
        if export_to:
            with office.store.reading() as session:
                click.echo(f"已导出 {export(session, export_to)} 行到 {export_to}")
        with office.store.reading() as session:
            verdict = verify_database(session)
        click.echo(verdict.text)
        balanced = _books_balance(office)
    sys.exit(0 if verdict.ok and balanced else 1)


@changling.command("month-run")
@click.argument("month")
@click.option("--region", default="", help="统筹区代码，默认本机构 (GB/T 2260)")
def month_run(*, month: str, region: str) -> None:
    """按月发放：比对、核发、编批 (match, decide and batch a month)；中断后再运行会接着做."""
    _log_to_stderr(logging.ERROR)
    with opened_office() as office:
        from engine.cases.month_runs import drive, run_record_of, start_month_run

        run = start_month_run(office, SYSTEM, month=month, region=region)
        if isinstance(run, Refusal):
            raise click.ClickException(run.text)
        with click.progressbar(length=run.total, label=f"{run.month} 第{run.round}轮") as bar:
            drive(office, run.run_id, say=lambda done, _total: bar.update(done - bar.pos))
        click.echo(run_text(run_record_of(office, run.run_id)))


@changling.command("assign-post")
@click.argument("login")
@click.argument("duty")
@click.argument("region")
def assign_post(*, login: str, duty: str, region: str) -> None:
    """给工作人员任命岗位 (give a post)；不相容的岗位会被拒绝."""
    with opened_office() as office:
        from engine.cases import staff

        _tell(staff.assign_post(office, SYSTEM, login=login, duty=duty, region=region))


@changling.command("add-staff")
@click.argument("login")
@click.argument("name")
@click.argument("region")
@click.option("--id-number", default="", help="身份证号：办不了本人的案件 (kept from their own case)")
@click.password_option(help="初始密码 (first password)")
def add_staff(*, login: str, name: str, region: str, id_number: str, password: str) -> None:
    """登记一名工作人员 (add a member of staff)；岗位另行任命."""
    with opened_office() as office:
        from engine.cases import staff

        _tell(
            staff.add_staff(
                office, SYSTEM, login=login, name=name, region=region, password=password, id_number=id_number
            )
        )


# --- what commands share --------------------------------------------------------------------------


def _pages_on(office: Office, listener: socket.socket) -> AbstractContextManager[None]:
    from web.app import create_app

    return served(create_app(office), listener)


def _books_balance(office: Office) -> bool:
    from engine.money.ledger import trial_balance
    from engine.values import Money

    with office.store.reading() as session:
        rows = trial_balance(session)
    debit, credit = Money.total(row.debit for row in rows), Money.total(row.credit for row in rows)
    agree = debit == credit
    click.echo(
        f"试算{'平衡' if agree else '不平衡'}：借方 {debit.text} 元，贷方 {credit.text} 元 (trial balance)"
    )
    return agree


def _tell(outcome: object) -> None:
    """Say what a use-case answered; a refusal goes to stderr with its reasons, exit 1."""
    if isinstance(outcome, Refusal):
        click.echo(outcome.text, err=True)
        sys.exit(1)
    click.echo(getattr(outcome, "message", str(outcome)))


def _log_to_stderr(level: int) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
