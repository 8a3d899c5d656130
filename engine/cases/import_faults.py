"""What may be wrong or remarkable in a file of an older system: each fault with its words. Pure.

An error keeps its row out; a warning does not, somebody should look; a note says what the office made of the cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A fault by name, for all rows that have it."""

    severity: Severity
    text: str
    text_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault of one row."""

    column: str
    code: str
    #: figures that make it plain, e.g. ``24``; no personal data
    fact: str = ""
    #: what stood there, masked
    value: str = ""

    @property
    def known(self) -> Known:
        """What is said of it."""
        return FAULTS[self.code]

    @property
    def message(self) -> str:
        """The sentence in Chinese."""
        return f"{self.known.text}（{self.fact}）" if self.fact else self.known.text

    @property
    def message_en(self) -> str:
        """The sentence in English."""
        return f"{self.known.text_en} ({self.fact})" if self.fact else self.known.text_en


_ERRORS = {
    "required": ("必填栏是空的", "A required cell is empty."),
    "cells_extra": ("这一行的格数多于表头", "The row has more cells than the heading."),
    "text_long": ("文字太长", "The text is too long."),
    "id_number_form": (
        "身份证号码须是17位数字加1位校验码", "An identity number has 17 digits and a check character.",
    ),
    "id_number_date": (
        "身份证号码中的出生日期不存在", "The day of birth in the identity number does not exist.",
    ),
    "id_number_check": (
        "身份证号码校验码不对", "The check character of the identity number is wrong.",
    ),
    "id_number_rounded": (
        "身份证号码末尾被 Excel 舍成了零，请把该列设为文本重新导出",
        "Excel rounded the end of the identity number to zeros; export the column as text.",
    ),
    "birth_differs": ("出生日期与身份证号码不符", "The day of birth differs from the identity number."),
    "birth_future": ("出生日期在今天以后", "The day of birth lies in the future."),
    "sex_differs": ("性别与身份证号码不符", "The sex differs from the identity number."),
    "word": ("不是可填的词", "This word cannot stand here."),
    "day": ("日期写法不对（例：2026-03-10）", "The day cannot be read (write 2026-03-10)."),
    "month": ("月份写法不对（例：2026-03）", "The month cannot be read (write 2026-03)."),
    "amount": ("金额须大于零、最多两位小数", "An amount is above zero and has at most two decimals."),
    "count": ("须填整数", "A whole number is needed."),
    "future": ("在今天以后", "It lies in the future."),
    "range_backwards": ("终止早于起始", "It ends before it begins."),
    "region_unknown": ("没有这个地区代码", "There is no such region."),
    "region_outside": ("不在您经办的地区内", "The region is not in your reach."),
    "employer_code": ("统一社会信用代码不对", "The credit code of the employer is wrong."),
    "months_exceed_range": (
        "月数多于起止月份之间的月数", "There are more months than lie between the first and the last.",
    ),
    "over_cap": ("核定月数超过法定上限", "More months were granted than the law allows."),
    "paid_over_granted": ("已发月数多于核定月数", "More months were paid than granted."),
    "paid_through_missing": (
        "有已发月数却没有“已发至”，或反之", "Months paid and the last month paid go together.",
    ),
    "standing_differs": (
        "状态与已发月数或停发事由不符", "The standing does not agree with the months paid or the ground.",
    ),
    "gap_while_running": (
        "在领待遇已发月份不连续，按月发放会少发；请拆成停发的一段和继续领取的一段",
        "The months paid of a running grant have gaps and the rest would be lost; enter the part before and the part after.",
    ),
    "unpaid_before_stop": (
        "停发事由当月以前还有未发的月份，装载后会自动补发；请核对，或以“在领”导入后办理停发",
        "Months up to the stop are unpaid and would be paid by the next run; check, or import it as running and stop it here.",
    ),
    "ground": ("停发依据须是 ST1 至 ST9", "The ground is one of ST1 to ST9."),
    "class_sex": ("退休类别与性别不符", "The retirement class does not go with the sex."),
    "paid_before_month": ("发放日期早于待遇月", "It was paid before its benefit month."),
    "reason_unknown": ("没有这个减员原因代码", "There is no such reason code."),
    "duplicate_row": ("与本文件前面的行重复", "The same stands further up in this file."),
    "loaded_before": ("以前已经导入过", "It was imported before."),
    "overlap": ("同一单位的月份区间重叠", "Months of the same employer overlap."),
    "person_unknown": ("没有此人，请先导入参保人员", "Nobody is kept under this number; import persons first."),
    "person_outside": ("此人不在您经办的地区参保", "The person is insured outside your reach."),
    "name_conflict": ("姓名与已有记录不符", "The name differs from the one on file."),
    "second_active": ("此人已有在领待遇", "The person has a running grant already."),
    "grant_unknown": ("没有导入过这个待遇编号", "No grant was imported under this number."),
    "grant_of_other": ("待遇编号是另一个人的", "The grant is somebody else's."),
    "outside_grant": ("待遇月在核定期之前", "The month lies before the grant."),
    "not_counted": (
        "待遇月晚于核定表的“已发至”，装载后会被再发一次",
        "The month lies after the last one paid by the grant; it would be paid again.",
    ),
    "more_than_paid": (
        "发放的月份多于核定表的“已发月数”", "More months were paid than the grant says.",
    ),
}  # fmt: skip
_WARNINGS = {
    "known_already": ("已有此人，资料不变", "The person is on file already; nothing changes."),
    "months_gap": ("实缴月数少于起止月份，中间有中断", "Fewer months than lie between: there are gaps."),
    "standard_differs": ("月标准与申请当日的标准不同", "It is not the standard of the day of application."),
    "standard_unknown": (
        "政策库没有申请当日的标准，无法核对", "No standard of that day is on file to compare with.",
    ),
    "first_month_differs": (
        "首个待遇月与申请月不同", "The first benefit month is not the one of the application.",
    ),
    "paid_gap": ("已发月数少于首月至“已发至”，中间有停发", "Fewer months were paid than lie between."),
    "all_paid": ("月数已发完，状态仍是在领", "All months are paid, yet it is said to run."),
    "paid_beyond": ("已发至超过核定期，按续发处理", "It was paid beyond its months: taken as an extension."),
    "arrears": ("装载后下一次按月发放将一次发多个月", "The next month run will pay several months at once."),
    "class_missing": (
        "没有退休类别，到龄前须由人核实", "No retirement class: somebody has to find it out.",
    ),
    "above_standard": ("当月合计高于月标准", "The month sums up to more than the monthly standard."),
    "employer_unknown": ("没有这个参保单位的档案", "The employer is not on file."),
    "second_person": ("此原因须第二人复核认定", "This reason is judged by a second person."),
}  # fmt: skip
_NOTES = {
    "id_number_upgraded": ("15位号码已升为18位", "The 15-digit number was upgraded to 18."),
}

_WORDS: tuple[tuple[Severity, Mapping[str, tuple[str, str]]], ...] = (
    ("error", _ERRORS),
    ("warning", _WARNINGS),
    ("note", _NOTES),
)
FAULTS: Mapping[str, Known] = MappingProxyType(
    {
        code: Known(severity=severity, text=text, text_en=english)
        for severity, words in _WORDS
        for code, (text, english) in words.items()
    }
)
