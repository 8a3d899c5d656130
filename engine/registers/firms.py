"""Made-up employers of Liaocheng with their retention years, layoff boundaries included.

Employer i depends on the seed, on i and on the day's year only.
"""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Literal

from engine.registers.business import EmployerRecord
from engine.registers.files import EmployerFile
from engine.registers.names import firm_name
from engine.registers.numbers import credit_code_for
from engine.registers.retention import EmployerYear
from engine.values import Money, RegionCode

#: the counties of Liaocheng, in the order in which made-up people and firms are spread
COUNTIES: tuple[tuple[str, str], ...] = (
    ("371502", "东昌府"),
    ("371503", "茌平"),
    ("371521", "阳谷"),
    ("371522", "莘县"),
    ("371524", "东阿"),
    ("371525", "冠县"),
    ("371526", "高唐"),
    ("371581", "临清"),
)
#: how many full calendar years before the day are kept
YEARS_KEPT = 3

#: credit code prefix, kind, name suffix, share of all, treated as social organisation
_KINDS: tuple[tuple[str, str, str, float, bool], ...] = (
    ("91", "企业", "有限公司", 0.84, False),
    ("92", "个体工商户", "商行", 0.07, True),
    ("12", "事业单位", "服务中心", 0.03, False),
    ("51", "社会团体", "行业协会", 0.02, True),
    ("52", "民办非企业单位", "职业培训学校", 0.02, True),
    ("31", "律师事务所", "律师事务所", 0.02, True),
)
#: (insured, let go) on both sides of 20 % up to 30 people and of 5.5 % above, policy.md §6.2
LAYOFF_BOUNDARIES: tuple[tuple[int, int], ...] = ((30, 6), (30, 7), (31, 1), (31, 2), (200, 11), (200, 12))
_BANKS = ("中国工商银行聊城分行", "中国农业银行聊城分行", "中国建设银行聊城分行", "聊城农村商业银行")


def employer_at(seed: int, index: int) -> EmployerRecord:
    """The employer of that index; the same for every size of province."""
    random = Random(f"employer/{seed}/{index}")  # noqa: S311 - made-up records, no secret
    prefix, kind, suffix = _kind(random)
    region, place = COUNTIES[index % len(COUNTIES)]
    return EmployerRecord(
        credit_code=credit_code_for(prefix=prefix, region=region, organisation=f"M{index:07d}"),
        name=firm_name(random, place=place, suffix=suffix),
        region=RegionCode(region),
        kind=kind,
        account=f"1611{random.randrange(10**13):013d}58" if random.random() < 0.97 else "",
        bank=random.choice(_BANKS),
    )


def employer_file_at(seed: int, index: int, day: date) -> EmployerFile:
    """The employer with its last full years before the day."""
    record = employer_at(seed, index)
    years = {year: _year(seed, index, year, record.kind) for year in range(day.year - YEARS_KEPT, day.year)}
    return EmployerFile(record=record, years=years)


def _kind(random: Random) -> tuple[str, str, str]:
    drawn = random.random()
    for prefix, kind, suffix, share, _ in _KINDS:
        drawn -= share
        if drawn < 0:
            return prefix, kind, suffix
    return _KINDS[0][:3]


def _year(seed: int, index: int, year: int, kind: str) -> EmployerYear:
    random = Random(f"employer/{seed}/{index}/{year}")  # noqa: S311
    insured, left = _headcount(random, index)
    size: Literal["large", "sme"] = "large" if insured >= 300 else "sme"
    monthly_base = random.randrange(4200, 9800)
    return EmployerYear(
        year=year,
        # 1 % of the wage sum in all, policy.md §6.4
        paid=Money(insured * monthly_base * 12),
        months=12 if random.random() < 0.93 else random.randrange(1, 12),
        insured_previous_year_end=insured,
        left=left,
        size=size,
        industry_ok=random.random() >= 0.02,
        dishonest=random.random() < 0.01,
        zombie=random.random() < 0.005,
        social_org=next(social for _, name, _, _, social in _KINDS if name == kind),
    )


def _headcount(random: Random, index: int) -> tuple[int, int]:
    """People insured and let go; every tenth employer stands on a boundary of the layoff rate."""
    if index % 10 == 0:
        return LAYOFF_BOUNDARIES[index // 10 % len(LAYOFF_BOUNDARIES)]
    insured = min(3000, int(random.lognormvariate(3.0, 1.3)) + 1)
    return insured, min(insured, int(insured * random.random() ** 3 * 0.3))
