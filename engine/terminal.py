"""What the command line says: failures, answers, findings and demo accounts in words for the terminal."""

from __future__ import annotations

from collections.abc import Mapping


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


def _first_line(failure: Exception) -> str:
    return (str(failure).strip().splitlines() or [""])[0]
