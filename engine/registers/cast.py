"""The cast: named people and employers that stand in every made-up province, for demos and tests.

Each says what should happen. Their numbers are fixed and valid; their sequence digits are below those of
generated residents, and their employers' codes begin with another letter, so nobody else has them.
Days are counted back from the province's day, so the stories stay young.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

from engine.registers.accounts import CardAccount
from engine.registers.business import BusinessRecord, EmployerRecord
from engine.registers.contributions import ContributionHistory
from engine.registers.employers import ExitReport
from engine.registers.files import EmployerFile, ResidentFile
from engine.registers.firms import YEARS_KEPT
from engine.registers.numbers import card_number_for, credit_code_for, id_number_for
from engine.registers.pensions import PensionRecord, RetirementClass
from engine.registers.population import PopulationRecord
from engine.registers.retention import EmployerYear
from engine.registers.skills import CertificateLevel, SkillCertificate
from engine.values import Money, Month, RegionCode


@dataclass(frozen=True, slots=True, kw_only=True)
class CastEmployer:
    """A fixed employer and what should happen to its refund."""

    key: str
    name: str
    region: str
    #: first 8 characters of the organisation code
    organisation: str
    insured: int
    left: int
    #: contributions paid a year, fen
    paid_fen: int
    size: Literal["large", "sme"]
    #: what should happen
    story: str
    prefix: str = "91"
    kind: str = "企业"

    @property
    def credit_code(self) -> str:
        """The 18-character code."""
        return credit_code_for(prefix=self.prefix, region=self.region, organisation=self.organisation)


@dataclass(frozen=True, slots=True, kw_only=True)
class CastPerson:
    """A fixed person and what should happen to their claim."""

    key: str
    name: str
    sex: Literal["male", "female"]
    birth: date
    #: district in the identity number
    district: str
    sequence: int
    months: int
    #: code of the exit reason; empty: the employer gave none
    reason: str
    #: what should happen
    story: str
    #: place of insurance
    region: str = "371502"
    employer: str = "guangyue"
    deemed: int = 0
    deemed_proven: bool = True
    carried: int = 0
    current: bool = False
    pension_since: date | None = None
    retirement_class: RetirementClass | None = None
    #: somebody else's name and number behind the card
    other_holder: tuple[str, str] | None = None
    business: str = ""
    #: occupation, level, so many days old, in urgent need
    certificates: tuple[tuple[str, CertificateLevel, int, bool], ...] = ()

    @property
    def id_number(self) -> str:
        """The 18-character number."""
        return id_number_for(region=self.district, birth=self.birth, sequence=self.sequence)


EMPLOYERS: Mapping[str, CastEmployer] = MappingProxyType(
    {
        employer.key: employer
        for employer in (
            CastEmployer(
                key="guangyue", name="聊城光岳机械制造有限公司", region="371502", organisation="L0000001",
                insured=200, left=11, paid_fen=14_400_000, size="sme",
                story="裁员率 11/200=5.50%，正好不超过 5.5%：符合稳岗返还条件，中小微 60%，返还 86400.00 元",
            ),
            CastEmployer(
                key="fenghuang", name="冠县凤凰纺织有限公司", region="371525", organisation="L0000002",
                insured=31, left=2, paid_fen=2_232_000, size="sme",
                story="31 人裁 2 人，裁员率 6.45% 超过 5.5%：不符合稳岗返还条件",
            ),
            CastEmployer(
                key="dongchang", name="聊城东昌钢管集团有限公司", region="371502", organisation="L0000003",
                insured=1600, left=20, paid_fen=120_000_000, size="large",
                story="大型企业，符合条件，30%：返还 360000.00 元",
            ),
            CastEmployer(
                key="decheng", name="德州德城电子有限公司", region="371400", organisation="L0000004",
                insured=60, left=1, paid_fen=4_320_000, size="sme",
                story="德州单位；德州标准未录入，按政策缺口拒绝而不套用聊城标准",
            ),
        )
    }
)  # fmt: skip

PEOPLE: Mapping[str, CastPerson] = MappingProxyType(
    {
        person.key: person
        for person in (
            CastPerson(
                key="li", name="李国强", sex="male", birth=date(1982, 6, 15), district="371502", sequence=1,
                months=62, reason="I01",
                certificates=(("养老护理员", "junior", 60, True),),
                story="合同期满，缴费 62 个月，社保卡正常：一路办到发放；领取期间另可享受养老护理员初级证书补贴 1000 元",
            ),
            CastPerson(
                key="ana", name="安娜", sex="female", birth=date(1990, 3, 20), district="371525", sequence=2,
                months=60, reason="V01", region="371525", employer="fenghuang",
                story="本人辞职：不予核定（非因本人意愿中断就业不成立），缴费年限保留，可提异议",
            ),
            CastPerson(
                key="bo", name="薄一凡", sex="male", birth=date(1988, 11, 2), district="371503", sequence=1,
                months=40, reason="I07", region="371503",
                other_holder=("薄秀兰", id_number_for(region="371503", birth=date(1964, 5, 8), sequence=4)),
                story="社保卡账户户主是他人：须二次复核；若仍支付，银行退回“户名不符”，不得重复支付",
            ),
            CastPerson(
                key="chen", name="陈桂兰", sex="female", birth=date(1977, 9, 12), district="371521", sequence=2,
                months=100, reason="I05", region="371521", deemed=60, deemed_proven=False, retirement_class="F50",
                story="女工人（F50），视同缴费 60 个月核对不到：补充说明后核定，不因此拒绝",
            ),
            CastPerson(
                key="sun", name="孙立业", sex="male", birth=date(1985, 4, 9), district="371502", sequence=3,
                months=48, reason="I05", current=True,
                certificates=(("电工", "junior", 300, False), ("电工", "intermediate", 180, False)),
                story="已由新单位缴费（重新就业）：不予核定；半年前取得电工中级证书：技能提升补贴 1500 元，同年不再补初级",
            ),
            CastPerson(
                key="zhou", name="周德福", sex="male", birth=date(1963, 2, 1), district="371524", sequence=1,
                months=120, reason="V03", region="371524", pension_since=date(2023, 3, 1), retirement_class="M60",
                story="已领取基本养老金：不予核定",
            ),
            CastPerson(
                key="wu", name="吴小敏", sex="female", birth=date(1999, 7, 30), district="371526", sequence=2,
                months=11, reason="I01", region="371526",
                story="缴费 11 个月，不满一年：不予核定，11 个月保留累计",
            ),
            CastPerson(
                key="zheng", name="郑守田", sex="male", birth=date(1964, 3, 1), district="371522", sequence=1,
                months=36, reason="I05", region="371522", retirement_class="M60",
                story="已过法定退休年龄、未领养老金：照常核定发放，养老金开始之月停",
            ),
            CastPerson(
                key="feng", name="冯玉梅", sex="female", birth=date(1986, 12, 8), district="371581", sequence=2,
                months=84, reason="", region="371581",
                story="单位申报减员未写原因：须二次复核，可由本人提异议更正",
            ),
            CastPerson(
                key="lin", name="林立新", sex="male", birth=date(1979, 1, 17), district="371502", sequence=5,
                months=150, reason="U99", carried=6,
                story="单位走逃失联，个人特殊减员：须二次复核；另有未领 6 个月结转",
            ),
            CastPerson(
                key="jin", name="金小店", sex="male", birth=date(1992, 10, 10), district="371502", sequence=7,
                months=30, reason="I01", business="金小店便民超市",
                story="名下有存续的个体工商户：是否就业须核实，未排除前不予核定",
            ),
            CastPerson(
                key="qin", name="秦远航", sex="male", birth=date(1987, 8, 21), district="371402", sequence=9,
                months=72, reason="I06", region="371502", employer="dongchang",
                story="在聊城参保失业，户籍德州：失业保险关系从聊城转到德州，费用随转（聊城标准）；留在聊城则照常核定",
            ),
        )
    }
)  # fmt: skip


def cast_residents(day: date) -> tuple[ResidentFile, ...]:
    """The cast's people as the registers know them on the day."""
    return tuple(_resident(person, number, day) for number, person in enumerate(PEOPLE.values()))


def cast_employers(day: date) -> tuple[EmployerFile, ...]:
    """The cast's employers with their last full years before the day."""
    return tuple(_employer(employer, number, day) for number, employer in enumerate(EMPLOYERS.values()))


def _resident(person: CastPerson, number: int, day: date) -> ResidentFile:
    last_month = Month.of(day).plus(-1)
    employer = EMPLOYERS[person.employer]
    last_day = last_month.plus(-6).last_day if person.current else last_month.last_day
    # a cast that began in the future would make no sense on an early day
    pensioned = person.pension_since is not None and person.pension_since <= day
    return ResidentFile(
        population=PopulationRecord(
            id_number=person.id_number,
            name=person.name,
            birth=person.birth,
            sex=person.sex,
            household_region=RegionCode(person.district),
        ),
        contributions=ContributionHistory(
            months_paid=person.months,
            deemed_months=person.deemed,
            deemed_proven=person.deemed_proven,
            carried_months=person.carried,
            last_employer_code=employer.credit_code,
            last_month=last_month,
            current=person.current,
            region=RegionCode(person.region),
        ),
        exit=ExitReport(
            employer_code=employer.credit_code,
            employer_name=employer.name,
            day=last_day,
            reason=person.reason,
            reported_on=min(day, last_day + timedelta(days=10)),
        ),
        pension=PensionRecord(
            receiving=pensioned,
            since=person.pension_since if pensioned else None,
            retirement_class=person.retirement_class or ("M60" if person.sex == "male" else None),
        ),
        account=_account(person, number),
        businesses=_businesses(person, day),
        certificates=_certificates(person, number, day),
        traits=frozenset({"cast", person.key}),
    )


def _account(person: CastPerson, number: int) -> CardAccount:
    holder_name, holder_number = person.other_holder or (person.name, person.id_number)
    return CardAccount(
        number=card_number_for(90_000_000 + number, ending="1111" if person.other_holder else ""),
        holder_name=holder_name,
        holder_id_number=holder_number,
        bank="中国建设银行",
        activated=True,
    )


def _certificates(person: CastPerson, number: int, day: date) -> tuple[SkillCertificate, ...]:
    return tuple(
        SkillCertificate(
            number=f"S0000371502{number:03d}{place:03d}",
            occupation=occupation,
            level=level,
            issued_on=day - timedelta(days=age),
            issuer="聊城市职业技能鉴定指导中心",
            urgent=urgent,
        )
        for place, (occupation, level, age, urgent) in enumerate(person.certificates, start=1)
    )


def _businesses(person: CastPerson, day: date) -> tuple[BusinessRecord, ...]:
    if not person.business:
        return ()
    code = credit_code_for(prefix="92", region=person.region, organisation="L9000001")
    return (
        BusinessRecord(
            credit_code=code, name=person.business, role="经营者", since=day - timedelta(days=400)
        ),
    )


def _employer(employer: CastEmployer, number: int, day: date) -> EmployerFile:
    record = EmployerRecord(
        credit_code=employer.credit_code,
        name=employer.name,
        region=RegionCode(employer.region),
        kind=employer.kind,
        account=f"161100000000{number:05d}58",
        bank="中国工商银行聊城分行",
    )
    years = {year: _year(employer, year) for year in range(day.year - YEARS_KEPT, day.year)}
    return EmployerFile(record=record, years=years)


def _year(employer: CastEmployer, year: int) -> EmployerYear:
    return EmployerYear(
        year=year,
        paid=Money(employer.paid_fen),
        months=12,
        insured_previous_year_end=employer.insured,
        left=employer.left,
        size=employer.size,
        industry_ok=True,
        dishonest=False,
        zombie=False,
        social_org=False,
    )
