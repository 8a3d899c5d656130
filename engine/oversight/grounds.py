"""The grounds on which benefit may stop, what each rests on, and where it is looked up (CLAIM-09; policy §3.1, §3.2).

What is no ground is listed too, with the reason, so that it is refused by name. Pure; called by whoever reports,
checks or shows a hit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.values import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """One ground, as it is named in letters, lists and the trail."""

    #: ST1 … ST9 as in the policy digest; GHOST: nobody of that number is registered
    code: str
    name: str
    english: str
    #: the provision
    source: str
    #: which records prove it
    proof: str
    proof_english: str
    #: a human decision after the person was heard, never on records alone
    hearing: bool = False
    #: why benefit may not stop on it; empty where it may
    barred: str = ""
    barred_english: str = ""


_SIL = "社会保险法第五十一条"
_POPULATION = "国家人口基础信息库、公安"
_POPULATION_EN = "national population register, police"

GROUNDS: Mapping[str, Ground] = {
    each.code: each
    for each in (
        Ground(
            code="ST1",
            name="重新就业",
            english="re-employed",
            source=_SIL,
            proof="参保缴费记录、工商登记",
            proof_english="contributions, business register",
        ),
        Ground(
            code="ST2",
            name="应征服兵役",
            english="called up for military service",
            source=_SIL,
            proof=_POPULATION,
            proof_english=_POPULATION_EN,
        ),
        Ground(
            code="ST3",
            name="移居境外",
            english="moved abroad",
            source=_SIL,
            proof=_POPULATION,
            proof_english=_POPULATION_EN,
        ),
        Ground(
            code="ST4",
            name="享受基本养老保险待遇",
            english="draws a basic pension",
            source=_SIL,
            proof="养老保险待遇领取名册",
            proof_english="pension roll",
        ),
        Ground(
            code="ST5",
            name="无正当理由拒不接受适当工作或培训",
            english="refused suitable work or training without good reason",
            source=_SIL,
            proof="公共就业服务记录",
            proof_english="records of the employment services",
            hearing=True,
        ),
        Ground(
            code="ST6",
            name="被判刑收监执行",
            english="serves a prison sentence",
            source="失业保险条例第十五条",
            proof="司法、公安机关通报",
            proof_english="notice of the justice or police authorities",
            hearing=True,
        ),
        Ground(
            code="ST7",
            name="达到法定退休年龄",
            english="reached retirement age",
            source="鲁人社函〔2020〕10号（六）",
            proof="—",
            proof_english="—",
            barred="超过法定退休年龄、尚未享受基本养老保险待遇的，仍可领取失业保险金",
            barred_english="Whoever is past retirement age and draws no pension is still paid.",
        ),
        Ground(
            code="ST8",
            name="六十日未报告",
            english="no report for sixty days",
            source="渝人社发〔2019〕169号三（一）3",
            proof="—",
            proof_english="—",
            barred="已实行承诺制，取消按月签到，未报告不是停发的理由",
            barred_english="Monthly sign-in was abolished; a missing report stops nothing.",
        ),
        Ground(
            code="ST9",
            name="死亡",
            english="death",
            source="鲁人社函〔2020〕10号（七）；渝人社发〔2019〕169号三（三）",
            proof=_POPULATION,
            proof_english=_POPULATION_EN,
        ),
        Ground(
            code="GHOST",
            name="人口库查无此人",
            english="not known to the population register",
            source="社会保险经办条例第二十六条",
            proof=_POPULATION,
            proof_english=_POPULATION_EN,
            hearing=True,
        ),
    )
}
#: on these benefit may stop
STATUTORY: tuple[Ground, ...] = tuple(each for each in GROUNDS.values() if not each.barred)


def barred(code: str) -> Reason | None:
    """Why benefit may not stop on what is called so; None where it may."""
    ground = GROUNDS.get(code)
    if ground is None:
        return Reason(
            code="unknown_ground",
            text=f"没有代码为“{code}”的停发情形",
            text_en=f"There is no ground called {code}.",
            source="鲁人社函〔2020〕10号（五）",
            fact=code,
        )
    if not ground.barred:
        return None
    return Reason(
        code="not_a_ground",
        text=f"“{ground.name}”不是停发失业保险金的法定情形：{ground.barred}",
        text_en=f"No ground to stop: {ground.english}. {ground.barred_english}",
        source=f"{ground.source}；鲁人社函〔2020〕10号（五）",
        fact=code,
    )
