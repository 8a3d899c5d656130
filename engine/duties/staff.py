"""The demo office: one member of staff for each duty, as a trial starts with.

Not for production: ``changling seed`` and the demo call it with one password for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.duties.book import DutyBook
from engine.duties.members import Indexes, add_staff
from engine.duties.posts import assign_post
from engine.duties.tables import StaffMember
from engine.values import SYSTEM, Refusal, RefusedError, RegionCode, StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoStaff:
    """One member of the demo office."""

    login: str
    name: str
    region: RegionCode
    duty: str
    #: identity number, made up with a valid check digit; empty: not kept
    id_number: str = ""


def _one(login: str, name: str, region: str, duty: str, id_number: str = "") -> DemoStaff:
    return DemoStaff(login=login, name=name, region=RegionCode(region), duty=duty, id_number=id_number)


#: Liaocheng serves; its county clerk sees one county; Dezhou is the other end of a transfer; 370000 is the province
DEMO_STAFF: tuple[DemoStaff, ...] = (
    _one("wangshouli", "王守礼", "371500", "intake", "371502198503124015"),
    _one("zhaofuhe", "赵复和", "371500", "review"),
    _one("qianfuhe2", "钱芙荷", "371500", "review"),
    _one("sunshenpi", "孙慎平", "371500", "approve"),
    _one("zhoukuaiji", "周会", "371500", "accountant"),
    _one("wuchuna", "吴娜", "371500", "cashier"),
    _one("zhengneikong", "郑内", "371500", "control"),
    _one("fannaikong2", "范奈控", "371500", "control"),
    _one("fengshuju", "冯书举", "371500", "data_steward"),
    _one("lvshuju2", "吕术菊", "371500", "data_steward"),
    _one("chenguanli", "陈冠立", "371500", "administrator"),
    _one("chuliucheng", "褚流程", "371500", "analyst"),
    _one("weiliucheng2", "卫柳澄", "371500", "analyst"),
    _one("jiangzhenggai", "蒋正凯", "371500", "rectifier"),
    _one("shenxian", "沈县", "371525", "intake"),
    _one("handudao", "韩督道", "370000", "provincial"),
    _one("yangheyan", "杨和严", "370000", "verifier"),
    _one("zhujiandu", "朱鉴度", "370000", "fund_supervisor"),
    _one("qinjiandu2", "秦谏度", "370000", "fund_supervisor"),
    _one("qinguanli", "秦管理", "370000", "administrator"),
    _one("youshouli", "尤守丽", "371400", "intake"),
    _one("xufuhe", "许复荷", "371400", "review"),
    _one("heshenpi", "何慎品", "371400", "approve"),
    _one("luokuaiji", "罗会", "371400", "accountant"),
)


def seed_staff(
    session: Session, book: DutyBook, vault: Indexes, *, day: date, password: str
) -> dict[str, StaffId]:
    """The demo office's staff by login, each with their post from ``day``; whoever is there already is left alone.

    Needs :func:`engine.duties.posts.sync` first. RefusedError if the book forbids one of the posts
    or the password is too weak.
    """
    found: dict[str, StaffId] = {}
    for demo in DEMO_STAFF:
        member = session.scalar(select(StaffMember).where(StaffMember.login == demo.login))
        if member is None:
            member = _taken_on(session, book, vault, demo, day=day, password=password)
        found[demo.login] = StaffId(member.id)
    return found


def _taken_on(
    session: Session, book: DutyBook, vault: Indexes, demo: DemoStaff, *, day: date, password: str
) -> StaffMember:
    member = add_staff(
        session,
        vault,
        login=demo.login,
        name=demo.name,
        region=demo.region,
        password=password,
        day=day,
        by=SYSTEM,
        id_number=demo.id_number,
    )
    if isinstance(member, Refusal):
        raise RefusedError(*member.reasons)
    post = assign_post(
        session, book, staff_id=member.id, duty=demo.duty, region=demo.region, day=day, by=SYSTEM
    )
    if isinstance(post, Refusal):
        raise RefusedError(*post.reasons)
    return member
