"""Rosters of skill certificates, taken in whole, dated and with their digest (REFUND-06).

Called by use-cases, inside their transaction. What follows for the holders is ``engine.benefits.skills``' business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.law.identity import IdNumber, id_number
from engine.people import number_columns
from engine.registers.certificate_tables import SEALED_CERTIFICATES, CertificateRoster, KnownCertificate
from engine.registers.roster_lines import WrongLineError, read_lines
from engine.registers.skills import CertificateLevel, SkillCertificate
from engine.store.actions import Action
from engine.store.audit import append
from engine.store.crypto import Vault, normalised
from engine.values import Actor

#: the head of a certificate file
COLUMNS = (
    "证书编号", "身份证号", "职业（工种）", "等级", "核发日期", "核发机构", "急需紧缺", "已享受培训补贴", "已发补贴机构",
)  # fmt: skip
#: what a file calls a level
LEVEL_WORDS: Mapping[str, CertificateLevel] = {
    "五级": "junior", "四级": "intermediate", "三级": "senior", "二级": "technician", "一级": "senior_technician",
}  # fmt: skip
_YES = {"是": True, "否": False, "": False}
_LONGEST = 40
#: rows written by one statement
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCertificate:
    """A certificate with its holder's identity number."""

    holder: str
    certificate: SkillCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOrigin:
    """Whose certificates a roster tells, of which day, and where it came from."""

    region: str
    as_of: date
    #: SHA-256 of the file
    digest: str
    source: str


def take_certificates(
    session: Session,
    vault: Vault,
    held: Iterable[HeldCertificate],
    *,
    origin: CertificateOrigin,
    actor: Actor,
    now: datetime,
) -> CertificateRoster:
    """The roster, its certificates known from now on; one of the same digest that was taken before is left as it is.

    A certificate that is known is told anew, its holder excepted: one that stands under another holder's number
    stays with the first, and the look-up by number settles who is right.
    """
    known = session.scalars(
        select(CertificateRoster).where(CertificateRoster.digest == origin.digest)
    ).one_or_none()
    if known is not None:
        return known
    rows = {normalised(each.certificate.number): each for each in held}
    before = session.scalar(
        select(func.count()).select_from(KnownCertificate).where(KnownCertificate.number.in_(rows))
    )
    roster = CertificateRoster(
        region=origin.region,
        as_of=origin.as_of,
        digest=origin.digest,
        line_count=len(rows),
        new_count=len(rows) - int(before or 0),
        source=origin.source,
        taken_by=actor.key,
        taken_at=now,
    )
    session.add(roster)
    session.flush()
    values = [_columns(vault, each, roster.id) for each in rows.values()]
    for start in range(0, len(values), _AT_ONCE):
        _write(session, values[start : start + _AT_ONCE])
    append(
        session,
        stream="certificates",
        action=Action.CERTIFICATE_ROSTER_TAKEN,
        actor=actor,
        subject=f"certificate_roster:{roster.id}",
        after={"region": roster.region, "as_of": roster.as_of.isoformat(), "lines": roster.line_count},
        now=now,
        voucher=SEALED_CERTIFICATES.voucher(roster),
    )
    return roster


def read_certificates(file: bytes, *, until: date) -> tuple[HeldCertificate, ...]:
    """The certificates of a CSV (UTF-8 or GB18030, head as COLUMNS); RosterFileError with every faulty line.

    ``until`` is the day that the roster describes: nothing in it was issued later.
    """
    return read_lines(file, COLUMNS, lambda cells: _row(cells, until))


def certificates_file(held: Iterable[HeldCertificate]) -> bytes:
    """A file as ``read_certificates`` reads it; for trials and tests, and to send what is known to another office."""
    words = {level: word for word, level in LEVEL_WORDS.items()}
    lines = [",".join(COLUMNS)]
    for each in held:
        of = each.certificate
        lines.append(
            ",".join(
                (
                    of.number,
                    each.holder,
                    of.occupation,
                    words[of.level],
                    of.issued_on.isoformat(),
                    of.issuer,
                    "是" if of.urgent else "否",
                    "是" if of.trained else "否",
                    of.paid_by,
                )
            )
        )
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _columns(vault: Vault, each: HeldCertificate, roster_id: int) -> dict[str, object]:
    of = each.certificate
    number = number_columns(vault, each.holder)
    return {
        "number": normalised(of.number),
        "person_index": number["id_number_index"],
        "id_number_cipher": number["id_number_cipher"],
        "occupation": of.occupation,
        "level": of.level,
        "issued_on": of.issued_on,
        "issuer": of.issuer,
        "urgent": of.urgent,
        "trained": of.trained,
        "paid_by": of.paid_by,
        "roster_id": roster_id,
    }


def _write(session: Session, values: list[dict[str, object]]) -> None:
    statement = insert(KnownCertificate).values(values)
    told = ("occupation", "level", "issued_on", "issuer", "urgent", "trained", "paid_by", "roster_id")
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["number"],
            set_={name: statement.excluded[name] for name in told},
            where=KnownCertificate.person_index == statement.excluded.person_index,
        )
    )


def _row(cells: list[str], until: date) -> HeldCertificate:
    number, holder, occupation, level, issued, issuer, urgent, trained, paid_by = cells
    if not isinstance(id_number(holder), IdNumber):
        raise WrongLineError("身份证号不正确", "The identity number is not valid")
    if not number or len(number) > _LONGEST or not number.isascii() or not number.isalnum():
        raise WrongLineError("证书编号只能是字母和数字", "A certificate number has letters and digits only")
    if level not in LEVEL_WORDS:
        raise WrongLineError(
            f"等级「{level}」应写成：{'、'.join(LEVEL_WORDS)}", "The level is written 五级 to 一级"
        )
    if not occupation or not issuer:
        raise WrongLineError("职业（工种）和核发机构须填写", "Occupation and issuer are missing")
    if urgent not in _YES or trained not in _YES:
        raise WrongLineError("急需紧缺、已享受培训补贴应写是或否", "Yes and no are written 是 and 否")
    return HeldCertificate(
        holder=holder,
        certificate=SkillCertificate(
            number=normalised(number),
            occupation=occupation,
            level=LEVEL_WORDS[level],
            issued_on=_issued(issued, until),
            issuer=issuer,
            urgent=_YES[urgent],
            trained=_YES[trained],
            paid_by=paid_by,
        ),
    )


def _issued(text: str, until: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise WrongLineError(
            f"核发日期「{text}」应写成 2026-11-05", "The day must be written as 2026-11-05"
        ) from None
    if day > until:
        raise WrongLineError(f"核发日期 {day} 晚于名册日期 {until}", "The day is after the roster's own")
    return day
