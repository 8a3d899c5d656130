"""The kinds of file that an older system hands over: which columns each has, and a worked line of each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["persons", "contributions", "grants", "payments", "exits"]
#: what of a cell may be shown: an identity number, a name and a day of birth never whole
Masked = Literal["", "id", "name", "birth"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a file; read under any of its three names."""

    key: str
    heading: str
    english: str
    #: what stands in the worked line of the template
    example: str
    required: bool = True
    masked: Masked = ""
    #: for choices: the words that are read, Chinese and by code
    words: tuple[tuple[str, str], ...] = ()
    longest: int = 40
    width: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfFile:
    """One kind of file."""

    key: Kind
    name: str
    english: str
    columns: tuple[Column, ...]
    by_key: Mapping[str, Column]

    @property
    def example(self) -> tuple[str, ...]:
        """The worked line."""
        return tuple(column.example for column in self.columns)


_NUMBER = Column(
    key="id_number", heading="身份证号码", english="Identity number", example="370000199001010011",
    masked="id", width=22,
)  # fmt: skip
_NAME = Column(
    key="name", heading="姓名", english="Name", example="张示例", required=False, masked="name", longest=60
)
_REGION = Column(key="region", heading="参保地区代码", english="Region code", example="371502")
_EMPLOYER = Column(
    key="employer_code", heading="统一社会信用代码", english="Employer's credit code",
    example="91371500MA3C00003Q", width=22,
)  # fmt: skip
_REFERENCE = Column(
    key="reference", heading="待遇编号（原系统）", english="Grant number (older system)", example="LC2025-000123",
    width=20,
)  # fmt: skip

_PERSONS = (
    _NUMBER,
    Column(key="name", heading="姓名", english="Name", example="张示例", masked="name", longest=60),
    _REGION,
    Column(key="birth", heading="出生日期", english="Day of birth", example="1990-01-01", required=False, masked="birth"),
    Column(
        key="sex", heading="性别", english="Sex", example="男", required=False,
        words=(("男", "male"), ("女", "female")),
    ),
)  # fmt: skip
_CONTRIBUTIONS = (
    _NUMBER,
    _NAME,
    _EMPLOYER,
    Column(key="first_month", heading="起始月份", english="First month", example="2019-03"),
    Column(key="last_month", heading="终止月份", english="Last month", example="2024-12"),
    Column(key="months", heading="实缴月数", english="Months paid", example="70", required=False),
    Column(key="base", heading="月缴费基数（元）", english="Monthly base (yuan)", example="4242.00"),
)
_GRANTS = (
    _NUMBER,
    _NAME,
    _REFERENCE,
    _REGION,
    Column(
        key="household_region", heading="户籍地区代码", english="Household region", example="", required=False
    ),
    Column(
        key="retirement_class", heading="退休类别", english="Retirement class", example="M60", required=False,
        words=(("M60", "M60"), ("F55", "F55"), ("F50", "F50")),
    ),
    Column(key="applied_on", heading="申请日期", english="Applied on", example="2026-03-10"),
    Column(key="granted_on", heading="核定日期", english="Granted on", example="2026-03-16", required=False),
    Column(key="first_month", heading="首个待遇月", english="First benefit month", example="2026-03"),
    Column(key="months", heading="核定月数", english="Months granted", example="12"),
    Column(key="months_paid", heading="已发月数", english="Months paid", example="8"),
    Column(key="paid_through", heading="已发至", english="Paid through", example="2026-10", required=False),
    Column(key="monthly", heading="月标准（元）", english="Monthly standard (yuan)", example="1818.00"),
    Column(
        key="standing", heading="状态", english="Standing", example="在领",
        words=(("在领", "active"), ("已停", "stopped"), ("领完", "used_up")),
    ),
    Column(key="ended_ground", heading="停发依据", english="Ground of stop", example="", required=False),
    Column(key="ended_on", heading="停发事由日期", english="Day of the ground", example="", required=False),
)  # fmt: skip
_PAYMENTS = (
    _NUMBER,
    _NAME,
    _REFERENCE,
    Column(key="month", heading="待遇月", english="Benefit month", example="2026-10"),
    Column(key="amount", heading="金额（元）", english="Amount (yuan)", example="1818.00"),
    Column(key="paid_on", heading="发放日期", english="Paid on", example="2026-10-20"),
    Column(key="channel", heading="发放渠道", english="Channel", example="社保卡", required=False),
    Column(key="voucher", heading="凭证号", english="Voucher number", example="P202610-0457", required=False),
)
_EXITS = (
    _EMPLOYER,
    _NUMBER,
    _NAME,
    Column(key="day", heading="减员日期", english="Day of leaving", example="2026-09-30"),
    Column(key="reason", heading="减员原因代码", english="Reason code", example="I01"),
)

_SAID: tuple[tuple[Kind, str, str, tuple[Column, ...]], ...] = (
    ("persons", "参保人员", "Insured persons", _PERSONS),
    ("contributions", "缴费记录", "Contributions", _CONTRIBUTIONS),
    ("grants", "待遇核定", "Grants", _GRANTS),
    ("payments", "已发待遇", "Past payments", _PAYMENTS),
    ("exits", "细化减员原因", "Exit reasons", _EXITS),
)
KINDS: Mapping[str, KindOfFile] = MappingProxyType(
    {
        key: KindOfFile(
            key=key,
            name=name,
            english=english,
            columns=columns,
            by_key={column.key: column for column in columns},
        )
        for key, name, english, columns in _SAID
    }
)
