"""Questions of law asked in words and answered as JSON: what ``changling law`` prints.

Amounts are texts in yuan with two decimals, days ISO texts; every answer carries ``reasons``. A no is
``{"refused": true, "reasons": […]}``: a figure not in force, a year without calendar, an unknown question, a wrong argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import cast

from engine.law import further_answers
from engine.law.arguments import Answer, Arguments, BadArgumentError, Question, Setting, read_region
from engine.law.calendar import CalendarGap, WorkCalendar
from engine.law.entitlement import benefit_amount, benefit_months
from engine.law.facts import RetirementClass
from engine.law.identity import IdNumber, credit_code, id_number
from engine.law.incidents import incident_level, report_due
from engine.law.policy import PolicyBook, PolicyGap
from engine.law.refund import Size, refund_amount
from engine.law.retirement import extension, retirement
from engine.law.transfer import transfer_fee
from engine.values import Reason, Refusal


def answer(
    name: str,
    arguments: Mapping[str, str],
    *,
    on: date,
    region: str,
    book: PolicyBook,
    calendar: WorkCalendar,
) -> Answer:
    """The answer to a question of ``questions()`` as a JSON object.

    Refused, never raised: ``unknown_question``, ``bad_argument``, ``policy_gap``, ``calendar_gap``. Names may be
    written with hyphens or underscores.
    """
    question = _QUESTIONS.get(name.strip().lower().replace("_", "-"))
    if question is None:
        text = f"没有名为 {name!r} 的问题，可问：{'、'.join(_QUESTIONS)}"
        return refused_answer(
            (Reason(code="unknown_question", text=text, text_en=f"Unknown question {name!r}"),)
        )
    try:
        setting = Setting(on=on, region=read_region("region", region), book=book, calendar=calendar)
        found = question.reply(Arguments(arguments, question), setting)
    except BadArgumentError as error:
        reason = Reason(
            code="bad_argument",
            text=f"{question.name}：{error}",
            text_en=f"Argument {error.name!r} is missing or wrong",
            fact=error.name,
        )
        return refused_answer((reason,))
    except (PolicyGap, CalendarGap) as gap:
        return refused_answer((gap.reason,))
    return refused_answer(found.reasons) if isinstance(found, Refusal) else found


def questions() -> tuple[Question, ...]:
    """Every question that can be asked, with its arguments, for help texts."""
    return tuple(_QUESTIONS.values())


def refused_answer(reasons: Iterable[Reason]) -> Answer:
    """The JSON of a no."""
    return {"refused": True, "reasons": plain(reasons)}


def plain(reasons: Iterable[Reason]) -> list[dict[str, str | bool]]:
    """Reasons as JSON objects."""
    return [reason.plain() for reason in reasons]


def _class(given: Arguments) -> RetirementClass:
    return cast(RetirementClass, given.choice("class", "M60", "F55", "F50"))


def _retirement(given: Arguments, at: Setting) -> Answer | Refusal:
    found = retirement(given.day("birth"), _class(given), book=at.book)
    if isinstance(found, Refusal):
        return found
    return {
        "date": found.date.isoformat(),
        "delay_months": found.delay_months,
        "reasons": plain(found.reasons),
    }


def _extension(given: Arguments, at: Setting) -> Answer | Refusal:
    found = extension(given.day("expiry"), given.day("birth"), _class(given), book=at.book, region=at.region)
    if isinstance(found, Refusal):
        return found
    return {
        "extends": found.extends,
        "until": found.until.isoformat() if found.until else None,
        "first_month": str(found.first_month) if found.first_month else None,
        "last_month": str(found.last_month) if found.last_month else None,
        "months": found.months,
        "reasons": plain(found.reasons),
    }


def _benefit_months(given: Arguments, at: Setting) -> Answer | Refusal:
    found = benefit_months(
        paid=given.count("paid"),
        deemed=given.count("deemed"),
        carried=given.count("carried"),
        region=at.region,
        day=at.on,
        book=at.book,
    )
    if isinstance(found, Refusal):
        return found
    return {
        "months": found.months,
        "granted_new": found.granted_new,
        "carried": found.carried,
        "reasons": plain(found.reasons),
    }


def _benefit_amount(given: Arguments, at: Setting) -> Answer | Refusal:
    found = benefit_amount(
        region=at.region, day=at.on, household_region=given.region("household"), book=at.book
    )
    if isinstance(found, Refusal):
        return found
    return {"amount": found.monthly.text, "reasons": plain(found.reasons)}


def _transfer_fee(given: Arguments, at: Setting) -> Answer | Refusal:
    used: tuple[Reason, ...] = ()
    if given.has("monthly"):
        monthly = given.money("monthly")
    else:
        standard = benefit_amount(
            region=at.region, day=at.on, household_region=given.region("household"), book=at.book
        )
        if isinstance(standard, Refusal):
            return standard
        monthly, used = standard.monthly, standard.reasons
    found = transfer_fee(
        months=given.count("months"),
        monthly=monthly,
        months_paid=given.count("paid") if given.has("paid") else None,
        within_province=given.flag("within-province"),
        employed=given.flag("employed"),
        region=at.region,
        day=at.on,
        book=at.book,
    )
    if isinstance(found, Refusal):
        return found
    return {
        "amount": found.amount.text,
        "relation_only": found.relation_only,
        "reasons": plain((*found.reasons, *used)),
    }


def _refund(given: Arguments, at: Setting) -> Answer | Refusal:
    day = at.on
    if given.has("year"):
        year = given.count("year")
        if not 1999 <= year <= 2199:
            raise BadArgumentError("year", f"year={year} 不是可用的年份（例：2025）")
        # the notice of a year is in force at its end; the day asked about stands for its own year
        day = at.on if year == at.on.year else date(year, 12, 31)
    found = refund_amount(
        paid=given.money("paid"),
        size=cast(Size, given.choice("size", "large", "sme")),
        social_org=given.flag("social-org"),
        region=at.region,
        day=day,
        book=at.book,
    )
    if isinstance(found, Refusal):
        return found
    return {"amount": found.amount.text, "reasons": plain(found.reasons)}


def _workdays(given: Arguments, at: Setting) -> Answer | Refusal:
    start = given.day("from")
    if given.has("to"):
        end = given.day("to")
        days = at.calendar.between(start, end)
        return {"days": days, "reasons": plain(at.calendar.reasons(start, end))}
    if not given.has("days"):
        raise BadArgumentError("days", "缺少参数 days（工作日数）或 to（截止日）")
    count = given.count("days")
    if count > 5000:
        raise BadArgumentError("days", f"days={count} 过大，最多5000")
    end = at.calendar.after(start, count)
    return {"date": end.isoformat(), "reasons": plain(at.calendar.reasons(start, end))}


def _id_number(given: Arguments, at: Setting) -> Answer | Refusal:
    found = id_number(given.text("value"))
    if isinstance(found, IdNumber) and found.birth > at.on:
        found = Refusal(
            reasons=(Reason(code="id_number_date", text="出生日期晚于办理日", text_en="Birth in the future"),)
        )
    if isinstance(found, Refusal):
        return {"valid": False, "reasons": plain(found.reasons)}
    checked = Reason(
        code="id_number_valid",
        text="号码构成、出生日期和校验码均正确",
        text_en="Form, date and check character are right",
        source="GB 11643-1999《公民身份号码》",
    )
    return {
        "valid": True,
        "normalised": found.normalised,
        "birth": found.birth.isoformat(),
        "sex": found.sex,
        "region": found.region,
        "reasons": plain((checked,)),
    }


def _credit_code(given: Arguments, at: Setting) -> Answer | Refusal:  # noqa: ARG001 (one shape for all)
    found = credit_code(given.text("value"))
    if isinstance(found, Refusal):
        return {"valid": False, "reasons": plain(found.reasons)}
    checked = Reason(
        code="credit_code_valid",
        text="代码构成和两位校验码均正确",
        text_en="Form and both check characters are right",
        source="GB 32100-2015《法人和其他组织统一社会信用代码编码规则》",
    )
    return {
        "valid": True,
        "normalised": found.normalised,
        "kind": found.kind,
        "region": found.region,
        "organisation_code": found.organisation_code,
        "reasons": plain((checked,)),
    }


def _incident(given: Arguments, at: Setting) -> Answer | Refusal:
    found = incident_level(
        amount=given.money("amount"),
        filed=given.flag("filed"),
        grave=given.flag("grave"),
        day=at.on,
        book=at.book,
    )
    if isinstance(found, Refusal):
        return found
    answered: Answer = {"level": found.level, "reasons": plain(found.reasons)}
    if given.has("found"):
        due = report_due(found, given.day("found"), book=at.book, calendar=at.calendar)
        answered["report_by"] = due.isoformat() if due else None
    return answered


def _ask(
    name: str, title: str, required: str, optional: str, reply: further_answers.Reply
) -> tuple[str, Question]:
    question = Question(
        name=name,
        title=title,
        required=tuple(required.split()),
        optional=tuple(optional.split()),
        reply=reply,
    )
    return name, question


_QUESTIONS: dict[str, Question] = dict(
    (
        _ask("retirement", "法定退休日", "birth class", "", _retirement),
        _ask("benefit-months", "领取期限", "paid", "deemed carried", _benefit_months),
        _ask("benefit-amount", "月标准", "", "household", _benefit_amount),
        _ask("extension", "续发至退休", "expiry birth class", "", _extension),
        _ask(
            "transfer-fee",
            "转移费用",
            "months",
            "within-province paid monthly employed household",
            _transfer_fee,
        ),
        _ask("refund", "稳岗返还金额", "paid size", "year social-org", _refund),
        _ask("workdays", "工作日推算", "from", "days to", _workdays),
        _ask("id-number", "身份证号码校验", "value", "", _id_number),
        _ask("credit-code", "统一社会信用代码校验", "value", "", _credit_code),
        _ask("incident", "要情等级", "amount", "filed grave found", _incident),
        *(_ask(*each) for each in further_answers.QUESTIONS),
    )
)
