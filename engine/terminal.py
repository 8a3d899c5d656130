"""What the command line says: failures, answers, findings and demo accounts in words for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from engine.cases.month_views import MonthRunView


def sentence(failure: Exception) -> str:
    """The failure for people; our own errors carry their sentence, a stranger's gets its kind named."""
    if hasattr(failure, "retryable"):
        return str(failure)
    if type(failure).__name__ == "OperationalError":
        return f"数据库没有应答：{_first_line(failure)} (the database does not answer)"
    if isinstance(failure, OSError):
        return f"读写失败：{failure} (cannot read or write)"
    return f"程序内部错误：{type(failure).__name__}：{_first_line(failure)}（CHANGLING_DEBUG=1 可看详情；this is a defect）"


def law_text(given: Mapping[str, object]) -> str:
    """An answer of the law with its reasons and sources, one a line."""
    reasons = given.get("reasons", [])
    lines = [f"{key}: {value}" for key, value in given.items() if key != "reasons"]
    for reason in reasons if isinstance(reasons, list) else []:
        source = f"（{reason['source']}）" if reason.get("source") else ""
        unconfirmed = "" if reason.get("verified", True) else "【未确认】"
        lines.append(f"· {reason.get('text', '')}{source}{unconfirmed}")
    return "\n".join(lines)


def check_text(report: Mapping[str, object]) -> str:
    """What was found in one file, one problem a line."""
    problems = report["problems"]
    lines = [f"{report['file']}：{'可以发布 (may be published)' if report['ok'] else '不能发布 (may not)'}"]
    for problem in problems if isinstance(problems, list) else []:
        severity = "错误" if problem["severity"] == "error" else "提醒"
        lines.append(
            f"  第{problem['line'] or '?'}行 {problem['element'] or ''} {severity}：{problem['message']}"
        )
    return "\n".join(lines)


def demo_accounts() -> str:
    """Every account of a demo office, with what each claim or refund of the cast should come to."""
    from engine.demo import PASSWORD
    from engine.duties import DEMO_STAFF
    from engine.registers.cast import EMPLOYERS, PEOPLE

    staff = [f"  {one.login:<14}{one.name}  {one.duty} @ {one.region}" for one in DEMO_STAFF]
    people = [f"  {one.id_number}  {one.name}  {one.story}" for one in PEOPLE.values()]
    employers = [f"  {one.credit_code}  {one.name}  {one.story}" for one in EMPLOYERS.values()]
    return "\n".join(
        (
            f"工作人员，密码都是 {PASSWORD} (staff, one password):",
            *staff,
            "失业人员，身份证号和姓名登录 (claimants, number and name):",
            *people,
            "参保单位，统一社会信用代码登录 (employers, credit code):",
            *employers,
        )
    )


def run_text(run: MonthRunView) -> str:
    """What a month run decided, one reason a line, and what was not on file."""
    lines = [f"{run.region_name} {run.month} 第{run.round}轮：支付单合计 {run.paid} 元 ({run.status})"]
    for row in run.reasons:
        lines.append(
            f"  {row.outcome_name} {row.count:>8} 人  {row.total:>16} 元  {row.text} ({row.text_en})"
        )
    lines += [f"  未办 (not done)：{gap.text}" for gap in run.gaps]
    return "\n".join(lines)


def files_in(path: str) -> list[str]:
    """The diagrams, forms and decisions under a folder; any other path as it was given."""
    found = [str(file) for file in sorted(Path(path).rglob("*")) if file.suffix in (".bpmn", ".dmn", ".form")]
    return found if Path(path).is_dir() and found else [path]


def pairs_of(arguments: tuple[str, ...]) -> dict[str, str]:
    """The arguments as written, ``key=value`` each; UsageError for any other."""
    pairs: dict[str, str] = {}
    for argument in arguments:
        key, sign, value = argument.partition("=")
        if not sign or not key:
            raise click.UsageError(f"参数要写成 名称=值，不是 {argument!r} (write key=value)")
        if key in pairs:
            raise click.UsageError(f"参数 {key} 写了两次 (given twice)")
        pairs[key] = value
    return pairs


def _first_line(failure: Exception) -> str:
    return (str(failure).strip().splitlines() or [""])[0]
