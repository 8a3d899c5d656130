"""Made-up residents of Liaocheng, awkward cases included at stated rates.

Resident i depends on the seed, on i, on the day and on how many employers there are: not on how many residents.
Numbers never repeat below 110,000 residents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Literal

from engine.registers.accounts import CardAccount
from engine.registers.business import BusinessRecord, EmployerRecord
from engine.registers.contributions import NEVER_INSURED, ContributionHistory
from engine.registers.employers import ExitReport
from engine.registers.employment import ServiceRecord
from engine.registers.files import ResidentFile
from engine.registers.firms import COUNTIES
from engine.registers.names import person_name
from engine.registers.numbers import card_number_for, credit_code_for, id_number_for
from engine.registers.pensions import PensionRecord, RetirementClass
from engine.registers.population import PopulationRecord
from engine.registers.skills import CertificateLevel, SkillCertificate
from engine.values import Month, RegionCode

#: what somebody's situation is: exactly one of these, shares add up to 1
SITUATIONS: Mapping[str, float] = {
    "employed": 0.46,
    #: left against their will: I01 to I09
    "unemployed": 0.34,
    #: V01, V02
    "resigned": 0.05,
    #: reported as left, and some employer pays again
    "re_employed": 0.03,
    #: less than 12 months paid
    "short": 0.03,
    #: reported as left, no reason given
    "exit_reason_missing": 0.01,
    #: employer vanished: U99
    "employer_vanished": 0.01,
    #: other statutory case: I99
    "other_statutory": 0.01,
    "active_business": 0.01,
    "on_pension": 0.025,
    "past_retirement_no_pension": 0.01,
    "deceased": 0.005,
    "serving": 0.002,
    "emigrated": 0.003,
    "never_insured": 0.005,
}
#: what may come on top of any situation, each on its own
OVERLAYS: Mapping[str, float] = {
    "deemed_proven": 0.03,
    "deemed_unproven": 0.015,
    "carried": 0.04,
    "no_account": 0.01,
    "wrong_holder": 0.01,
    "card_not_activated": 0.03,
    "household_elsewhere": 0.08,
    "class_unknown": 0.05,
    "refused_offer": 0.01,
}
#: all stated rates by trait
RATES: Mapping[str, float] = {**SITUATIONS, **OVERLAYS}

#: districts outside Liaocheng in which a household may be registered
ELSEWHERE = ("370102", "371402", "370829", "130424", "410927", "500229", "370911", "371728")
_LEFT = frozenset(
    {"unemployed", "resigned", "re_employed", "short", "exit_reason_missing", "employer_vanished", "other_statutory",
     "active_business", "past_retirement_no_pension", "deceased", "serving", "emigrated"}
)  # fmt: skip
_INVOLUNTARY = ("I01", "I01", "I01", "I02", "I03", "I04", "I05", "I05", "I06", "I07", "I07", "I09")
_REASONS: Mapping[str, tuple[str, ...]] = {
    "resigned": ("V01", "V01", "V02"),
    "exit_reason_missing": ("",),
    "employer_vanished": ("U99",),
    "other_statutory": ("I99",),
    "deceased": ("V04",),
    "serving": ("V05",),
    "emigrated": ("V05",),
}
#: share of those in work who got a skill certificate lately
_CERTIFIED = 0.06
_OCCUPATIONS = ("电工", "焊工", "养老护理员", "保育师", "企业人力资源管理师", "中式烹调师")
_BANKS = ("中国工商银行", "中国农业银行", "中国建设银行", "中国邮政储蓄银行", "聊城农村商业银行")
#: sequence numbers below this belong to the cast
_FIRST_SEQUENCE = 10
_SEQUENCES = 490


def resident_at(seed: int, index: int, *, day: date, employer: EmployerRecord | None) -> ResidentFile:
    """The resident of that index, as the registers know them on the day."""
    random = Random(f"resident/{seed}/{index}")  # noqa: S311 - made-up records, no secret
    situation = _situation(random)
    traits = {name for name, rate in OVERLAYS.items() if random.random() < rate}
    person = _person(random, seed, index, situation, day, elsewhere="household_elsewhere" in traits)
    history = _history(random, situation, traits, day, employer)
    return ResidentFile(
        population=person,
        contributions=history,
        exit=_exit(random, situation, history, day, employer),
        pension=_pension(random, situation, traits, person, day),
        account=_account(random, traits, person, index),
        businesses=_businesses(random, situation, person, index, day),
        services=_services(random, traits, day),
        certificates=_certificates(seed, index, situation, day),
        traits=frozenset({situation} | traits),
    )


def _certificates(seed: int, index: int, situation: str, day: date) -> tuple[SkillCertificate, ...]:
    """A skill certificate of the last year and a half for some of those in work; drawn apart from all else."""
    random = Random(f"certificate/{seed}/{index}")  # noqa: S311 - made-up records, no secret
    if situation != "employed" or random.random() >= _CERTIFIED:
        return ()
    level: CertificateLevel = random.choice(("junior", "intermediate", "intermediate", "senior"))
    return (
        SkillCertificate(
            number=f"S{seed % 10_000:04d}37{index:08d}",
            occupation=random.choice(_OCCUPATIONS),
            level=level,
            issued_on=day - timedelta(days=random.randrange(20, 540)),
            issuer="聊城市职业技能鉴定指导中心",
            urgent=random.random() < 0.2,
            trained=random.random() < 0.1,
        ),
    )


def _situation(random: Random) -> str:
    drawn = random.random()
    for name, share in SITUATIONS.items():
        drawn -= share
        if drawn < 0:
            return name
    return "employed"


def _person(
    random: Random, seed: int, index: int, situation: str, day: date, *, elsewhere: bool
) -> PopulationRecord:
    sex: Literal["male", "female"] = "male" if random.random() < 0.53 else "female"
    place = index % len(COUNTIES)
    region = ELSEWHERE[place] if elsewhere else COUNTIES[place][0]
    birth, sequence = _birth(random, seed, index, _age(random, situation, sex), day)
    number = id_number_for(region=region, birth=birth, sequence=sequence * 2 + (sex == "male"))
    happened = day - timedelta(days=random.randrange(5, 400))
    return PopulationRecord(
        id_number=number,
        name=person_name(random, sex),
        birth=birth,
        sex=sex,
        household_region=RegionCode(region),
        deceased_on=happened if situation == "deceased" else None,
        emigrated_on=happened if situation == "emigrated" else None,
        serving_since=happened if situation == "serving" else None,
    )


def _age(random: Random, situation: str, sex: str) -> int:
    """Whole years lived; old enough for a pension wherever the situation says so."""
    if situation in ("on_pension", "past_retirement_no_pension"):
        return random.randrange(64, 72) if sex == "male" else random.randrange(59, 68)
    if situation == "serving":
        return random.randrange(18, 24)
    return min(58 if sex == "male" else 48, 19 + int(random.triangular(0, 40, 18)))


def _birth(random: Random, seed: int, index: int, age: int, day: date) -> tuple[date, int]:
    """A birthday and a sequence that no other index below 110,000 has in the same district.

    Within one district and sequence the day of the month is a counter, shifted by a digest so that it looks
    like any other; year and month are free.
    """
    within = index // len(COUNTIES)
    sequence, turn = within % _SEQUENCES, within // _SEQUENCES
    shift = hashlib.blake2b(f"{seed}/{index % len(COUNTIES)}/{sequence}".encode(), digest_size=4).digest()
    day_of_month = 1 + (turn + int.from_bytes(shift)) % 28
    birth = date(day.year - age - 1, random.randrange(1, 13), day_of_month)
    return birth, sequence + _FIRST_SEQUENCE // 2


def _history(
    random: Random, situation: str, traits: set[str], day: date, employer: EmployerRecord | None
) -> ContributionHistory:
    if situation == "never_insured" or employer is None:
        traits -= {"deemed_proven", "deemed_unproven", "carried"}
        return NEVER_INSURED
    months = random.randrange(1, 12) if situation == "short" else 12 + int(random.triangular(0, 300, 40))
    deemed = random.randrange(12, 121) if traits & {"deemed_proven", "deemed_unproven"} else 0
    current = situation in ("employed", "re_employed")
    return ContributionHistory(
        months_paid=months,
        deemed_months=deemed,
        deemed_proven="deemed_unproven" not in traits,
        carried_months=random.randrange(1, 15) if "carried" in traits else 0,
        last_employer_code=employer.credit_code,
        last_month=Month.of(day).plus(-1 if current else -random.randrange(1, 12)),
        current=current,
        region=employer.region,
    )


def _exit(
    random: Random, situation: str, history: ContributionHistory, day: date, employer: EmployerRecord | None
) -> ExitReport | None:
    if situation not in _LEFT or employer is None or history.last_month is None:
        return None
    last = (
        day.replace(day=1) - timedelta(days=random.randrange(1, 90))
        if history.current
        else history.last_month.last_day
    )
    reported = min(day, last + timedelta(days=int(random.expovariate(1 / 12))))
    return ExitReport(
        employer_code=employer.credit_code,
        employer_name=employer.name,
        day=last,
        reason=random.choice(_REASONS.get(situation, _INVOLUNTARY)),
        reported_on=reported,
    )


def _pension(
    random: Random, situation: str, traits: set[str], person: PopulationRecord, day: date
) -> PensionRecord | None:
    post: RetirementClass = "M60" if person.sex == "male" else random.choice(("F50", "F50", "F55"))
    if situation == "never_insured":
        return None
    receiving = situation == "on_pension"
    return PensionRecord(
        receiving=receiving,
        since=Month.of(day).plus(-random.randrange(1, 40)).first_day if receiving else None,
        retirement_class=None if "class_unknown" in traits else post,
    )


def _account(random: Random, traits: set[str], person: PopulationRecord, index: int) -> CardAccount | None:
    if "no_account" in traits:
        return None
    wrong = "wrong_holder" in traits
    body = random.randrange(10**4) * 10**4 + index % 10**4
    # the trial bank sends back 1111 (wrong holder) and 2222 (not activated)
    ending = "1111" if wrong else "2222" if "card_not_activated" in traits else ""
    holder: Literal["male", "female"] = "female" if person.sex == "male" else "male"
    other = id_number_for(
        region=person.id_number[:6],
        birth=person.birth + timedelta(days=400),
        sequence=random.randrange(2, 10),
    )
    return CardAccount(
        number=card_number_for(body, ending=ending),
        holder_name=person_name(random, holder) if wrong else person.name,
        holder_id_number=other if wrong else person.id_number,
        bank=random.choice(_BANKS),
        activated="card_not_activated" not in traits,
    )


def _businesses(
    random: Random, situation: str, person: PopulationRecord, index: int, day: date
) -> tuple[BusinessRecord, ...]:
    if situation != "active_business":
        return ()
    code = credit_code_for(
        prefix="92", region=COUNTIES[index % len(COUNTIES)][0], organisation=f"N{index:07d}"
    )
    since = day - timedelta(days=random.randrange(30, 2500))
    return (BusinessRecord(credit_code=code, name=f"{person.name}便民商店", role="经营者", since=since),)


def _services(random: Random, traits: set[str], day: date) -> tuple[ServiceRecord, ...]:
    if "refused_offer" in traits:
        when = day - timedelta(days=random.randrange(1, 60))
        return (
            ServiceRecord(
                day=when - timedelta(days=7), kind="registration", office="公共就业服务中心", outcome="done"
            ),
            ServiceRecord(
                day=when, kind="job_offer", office="公共就业服务中心", outcome="refused", note="未说明理由"
            ),
        )
    if random.random() < 0.1:
        when = day - timedelta(days=random.randrange(1, 200))
        return (ServiceRecord(day=when, kind="guidance", office="公共就业服务中心", outcome="done"),)
    return ()
