"""How values are written on a page: local time, lights, marks. No rule lives here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup, escape

from engine.cases import inbox_lists
from engine.cases.file_views import Span
from engine.cases.views import Light, TaskRow
from engine.values import CHINA, Actor
from web.language import chosen, in_chinese
from web.letters import letter, line
from web.session import office

#: each light has a sign beside its colour, for whoever cannot tell the colours apart
_SIGNS: dict[Light, str] = {"overdue": "▲", "soon": "◆", "calm": "●", "none": "○", "gap": "?"}


#: duties to which the menu offers a page
_ROSTERS = frozenset({"data_steward", "control"})
_TRIALS = frozenset({"data_steward", "control", "fund_supervisor"})
_PAYMENTS = frozenset({"intake", "review", "approve", "accountant", "cashier", "control", "fund_supervisor"})
_INCIDENTS = frozenset({"control", "analyst", "administrator"})
_BOOKS = frozenset({"accountant", "cashier", "control", "fund_supervisor", "provincial"})
_MONITORING = inbox_lists.SEE_BELOW | {"analyst", "intake", "review", "rectifier", "accountant"}
_DISHONESTY = frozenset({"control", "fund_supervisor", "provincial"})
_CALENDAR = frozenset({"data_steward", "administrator"})
_IMPORTS = frozenset({"data_steward"})
_TRANSFERS = frozenset(
    {"intake", "review", "approve", "accountant", "cashier", "control", "fund_supervisor", "provincial"}
)
_EXCHANGE = frozenset({"analyst", "control", "administrator", "accountant", "fund_supervisor"})
_HITS = frozenset({"intake", "review", "approve", "control", "fund_supervisor", "provincial"})
_LISTS = frozenset({"control"})
_DEATHS = frozenset({"intake", "review", "approve", "control"})
_FEEDBACK = frozenset({"control", "approve", "provincial"})
_SKILLS = frozenset({"intake", "review", "approve", "control", "data_steward"})
#: others come to it from the month run
_PRICES = frozenset({"data_steward", "accountant", "control", "fund_supervisor", "provincial"})
_STAFF = frozenset({"control", "administrator"})
_STUDIO = frozenset({"analyst", "control", "administrator"})

#: words for states and signatures, which use-cases say in Chinese; here the catalogue learns of them
_STATES = (
    lazy_gettext("办理中"), lazy_gettext("已办结"), lazy_gettext("已终止"), lazy_gettext("已编制"),
    lazy_gettext("已抽检"), lazy_gettext("会计已签证"), lazy_gettext("出纳已放款"), lazy_gettext("银行已回盘"),
    lazy_gettext("已结案"), lazy_gettext("已撤回"), lazy_gettext("待编批"), lazy_gettext("已编批"),
    lazy_gettext("已送银行"), lazy_gettext("已付讫"), lazy_gettext("银行退回"), lazy_gettext("暂缓支付"),
    lazy_gettext("已撤销"), lazy_gettext("待付"), lazy_gettext("退回"), lazy_gettext("编制"),
    lazy_gettext("业务抽检"), lazy_gettext("会计签证"), lazy_gettext("出纳放款"),
)  # fmt: skip
#: the same of recoveries and of the register of dishonesty
_RECOVERY_STATES = (
    lazy_gettext("待决定"), lazy_gettext("待退款"), lazy_gettext("退款中"), lazy_gettext("已结清"),
    lazy_gettext("已核销"), lazy_gettext("待审定"), lazy_gettext("未批准"), lazy_gettext("一次退回"),
    lazy_gettext("分期退回"), lazy_gettext("从后续待遇中抵扣"), lazy_gettext("银行到账"), lazy_gettext("待遇抵扣"),
    lazy_gettext("本地规则"), lazy_gettext("国家规则"), lazy_gettext("在册"), lazy_gettext("已移出"),
    lazy_gettext("余额很小、长期催收无果"), lazy_gettext("本人死亡、无遗产可供退回"),
)  # fmt: skip


#: the duties of rectification
_RECTIFICATION = frozenset({"provincial", "verifier", "rectifier", "fund_supervisor", "control"})
#: the rooms of internal control, and who else changes stored data
_CONTROL = frozenset({"control", "fund_supervisor"})
_CHANGES = frozenset({"data_steward", "intake", "approve"})
#: words of the rooms of internal control
_CONTROL_STATES = (
    lazy_gettext("草稿"), lazy_gettext("已试算"), lazy_gettext("生效"), lazy_gettext("停用"), lazy_gettext("高"),
    lazy_gettext("中"), lazy_gettext("低"), lazy_gettext("待复查"), lazy_gettext("无误"), lazy_gettext("有误"),
    lazy_gettext("参保人员"), lazy_gettext("待遇"), lazy_gettext("参保单位"), lazy_gettext("减员申报"), lazy_gettext("待签发"),
    lazy_gettext("已上报"), lazy_gettext("抽检"), lazy_gettext("名册比对"), lazy_gettext("举报"), lazy_gettext("检查"),
)  # fmt: skip


def local_time(at: datetime | None) -> Markup:
    """The instant in China as ``2025-11-03 09:05``; a dash for none."""
    return _time(at, "%Y-%m-%d %H:%M")


def local_day(at: datetime | None) -> Markup:
    """The day in China as ``2025-11-03``; a dash for none."""
    return _time(at, "%Y-%m-%d")


def _time(at: datetime | None, pattern: str) -> Markup:
    if at is None:
        return Markup('<span class="text-secondary">—</span>')
    return Markup('<time datetime="{}">{}</time>').format(
        at.isoformat(), at.astimezone(CHINA).strftime(pattern)
    )


def light(row: TaskRow) -> Markup:
    """The deadline of a task as colour, sign and words."""
    shape = Markup('<span class="light light-{}"><span aria-hidden="true">{}</span> {}</span>')
    sign = "✓" if row.status == "completed" else _SIGNS[row.light]
    return shape.format(row.light, sign, deadline_words(row))


def deadline_words(row: TaskRow) -> str:
    """How long is left, in working days: ``还剩 2 个工作日``."""
    if row.status != "ready":
        return str(_("已办结") if row.status == "completed" else _("已取消"))
    return str(_("已挂起，停止计时")) if row.paused else deadline_words_of(row.light, row.workdays_left)


def deadline_words_of(light: Light, days: int | None) -> str:
    """How long is left of a limit that runs, in working days; negative days: since when it is over."""
    if light == "gap":
        words = _("缺少当年工作日历，不能计算")
    elif days is None:
        words = _("无时限")
    elif light == "overdue":
        words = _("已超期 %(days)s 个工作日", days=-days) if days < 0 else _("今日已到期")
    else:
        words = _("还剩 %(days)s 个工作日", days=days) if days else _("今日到期")
    return str(words)


def span(span: Span) -> str:
    """How long something took: working days where it was more than one, hours and minutes before."""
    hours, minutes = divmod(span.minutes, 60)
    if span.workdays:
        return str(_("%(days)s 个工作日", days=span.workdays))
    if span.workdays is None and hours >= 24:
        return str(_("%(days)s 天（缺工作日历）", days=hours // 24))
    if hours:
        return str(_("%(hours)s 小时 %(minutes)s 分", hours=hours, minutes=minutes))
    return str(_("%(minutes)s 分钟", minutes=minutes)) if minutes else str(_("不到 1 分钟"))


def filesize(size: int) -> str:
    """The size of a file: ``12 KB``, ``3.4 MB``."""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / 1024 / 1024:.1f} MB"


def grouped(amount: str) -> str:
    """An amount of yuan in groups of three digits: ``1,234,567.80``."""
    whole, _dot, cents = amount.partition(".")
    return f"{int(whole):,}.{cents}"


def menu(actor: Actor) -> list[tuple[str, str]]:
    """The pages that are of use to the actor, address and words; the use-cases refuse the others anyway."""
    if actor.kind == "person":
        return [("/my", _("我的申领"))]
    if actor.kind == "employer":
        return [("/employer", _("单位事项"))]
    wanted = (
        ("/inbox", _("待办"), actor.duties),
        ("/payments", _("支付批次"), _PAYMENTS),
        ("/month-runs", _("按月发放"), _PAYMENTS),
        ("/rosters", _("比对名册"), _ROSTERS),
        ("/refunds/trials", _("政策试算"), _TRIALS),
        ("/refunds", _("稳岗返还"), _PAYMENTS),
        # whoever sees refunds has it as a tab beside them
        ("/refunds/rosters", _("单位名册"), _ROSTERS - _PAYMENTS),
        ("/books", _("账簿"), _BOOKS),
        ("/transfers", _("关系转迁"), _TRANSFERS),
        ("/hits", _("停发线索"), _HITS),
        ("/death-grants", _("死亡待遇"), _DEATHS),
        ("/skill-subsidies", _("技能提升补贴"), _SKILLS),
        ("/reductions", _("减员申报"), _SKILLS),
        ("/prices", _("价格临时补贴"), _PRICES),
        ("/suspicion", _("疑点名单"), _LISTS),
        ("/recoveries", _("多领追回"), _PAYMENTS),
        ("/dishonesty", _("失信名单"), _DISHONESTY),
        ("/control", _("内控"), _CONTROL),
        ("/control/changes", _("数据变更"), _CHANGES),
        ("/control/incidents", _("基金要情"), frozenset({"provincial"})),
        ("/ratings", _("评价投诉"), _FEEDBACK),
        ("/complaints", _("投诉"), frozenset() if actor.duties & _FEEDBACK else frozenset({"intake"})),
        ("/monitoring", _("运行监控"), _MONITORING),
        ("/operations", _("运行维护"), _INCIDENTS),
        # whoever sees transfers has it as a tab beside them
        ("/exchange", _("机构信件"), _EXCHANGE - _TRANSFERS if office().peers.peers else frozenset()),
        ("/incidents", _("异常"), _INCIDENTS),
        ("/rectification", _("整改"), _RECTIFICATION),
        ("/work-plans", _("工作计划"), frozenset({"provincial"})),
        ("/studio", _("流程图"), _STUDIO),
        ("/staff", _("人员岗位"), _STAFF),
        ("/agencies", _("委托代理"), actor.duties),
        ("/calendar", _("工作日历"), _CALENDAR),
        ("/imports", _("历史数据导入"), _IMPORTS),
    )
    return [(href, words) for href, words, duties in wanted if duties & actor.duties]


def sees_transfers(actor: Actor) -> bool:
    """Whether a page may lead the actor to transfers; the use-cases refuse the others anyway."""
    return bool(actor.duties & _TRANSFERS)


def sees_refunds(actor: Actor) -> bool:
    """Whether a page may lead the actor to refunds and screenings; the use-cases refuse the others anyway."""
    return bool(actor.duties & _PAYMENTS)


def sees_employer_rosters(actor: Actor) -> bool:
    """Whether a page may lead the actor to the rosters of employers."""
    return bool(actor.duties & _ROSTERS)


def sees_exchange(actor: Actor) -> bool:
    """Whether a page may lead the actor to the exchange with other offices: there are some, and it is among the duties."""
    return bool(office().peers.peers) and bool(actor.duties & _EXCHANGE)


def duty_names(actor: Actor) -> str:
    """The duties that the actor holds today, in the reader's language."""
    duties = [office().duties.duty(duty) for duty in sorted(actor.duties)]
    return (
        "、".join(duty.lane for duty in duties) if chosen() == "zh" else ", ".join(d.english for d in duties)
    )


def in_words(names: Mapping[str, tuple[str, str]]) -> list[tuple[str, str]]:
    """Each key with its name in the reader's language, of names that stand in both."""
    at = 0 if chosen() == "zh" else 1
    return [(key, both[at]) for key, both in names.items()]


def term(word: str) -> Markup:
    """A duty, a control or a state in the reader's language; a word that has no English is marked as Chinese."""
    said = (_english_of(word) if chosen() == "en" else "") or _(word)
    return in_chinese(word) if said == word else escape(said)


def _english_of(word: str) -> str:
    """The English of a duty or a control, as their files give it; empty for anything else."""
    duty = office().duties.duty_of_lane(word)
    controls = office().controls.controls.values()
    return duty.english if duty else next((each.english for each in controls if each.name == word), "")


def use_display(app: Flask) -> None:
    """Give templates the filters."""
    app.jinja_env.globals.update(
        duty_names=duty_names,
        menu=menu,
        sees_employer_rosters=sees_employer_rosters,
        sees_exchange=sees_exchange,
        sees_refunds=sees_refunds,
        sees_transfers=sees_transfers,
    )
    app.jinja_env.filters.update(
        filesize=filesize,
        grouped=grouped,
        in_words=in_words,
        letter=letter,
        line=line,
        span=span,
        time=local_time,
        day=local_day,
        light=light,
        deadline_words=deadline_words,
        term=term,
    )
