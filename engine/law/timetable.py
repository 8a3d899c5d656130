"""A timetable reckoned back from the day on which all must be done (倒排工作时间表); pure.

Source: 渝人社发〔2019〕169号 四（二）; the shares of the stages are figures of ``processes/policy/work-plans.yaml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from engine.law.calendar import WorkCalendar
from engine.values import Reason, Refusal


def work_back(
    target: date, *, begins: date, shares: Sequence[Fraction], calendar: WorkCalendar
) -> tuple[date, ...] | Refusal:
    """The last working day of each stage, in order; the last stage ends on the target or the working day before it.

    ``shares`` say how the working days after ``begins`` are divided, in proportion to their sum; each stage gets at
    least one day, and what does not divide evenly goes to the later stages. Refused where there are fewer working days than stages.
    Raises CalendarGap for a year without a calendar.
    """
    whole = sum(shares)
    days = calendar.between(begins, target) if begins < target else 0
    if days < len(shares):
        return Refusal(
            reasons=(
                Reason(
                    code="too_few_days",
                    text=f"从{begins}到{target}只有{days}个工作日，排不下{len(shares)}个阶段",
                    text_en=f"Between {begins} and {target} lie {days} working days, fewer than {len(shares)} stages.",
                    source="渝人社发〔2019〕169号 四（二）",
                ),
            )
        )
    ends: list[date] = []
    used = 0
    for place, share in enumerate(shares):
        later = len(shares) - place - 1
        wanted = days if not later else used + max(1, int(share / whole * days))
        used = min(wanted, days - later)
        ends.append(calendar.after(begins, used))
    return tuple(ends)
