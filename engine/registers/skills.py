"""The register of skill certificates: what the national look-up (osta.org.cn) knows of a certificate and its holder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, Protocol

CertificateLevel = Literal["junior", "intermediate", "senior", "technician", "senior_technician"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillCertificate:
    """One certificate of one holder."""

    #: as printed on it; nobody else has it
    number: str
    #: occupation and kind of work (职业工种)
    occupation: str
    level: CertificateLevel
    issued_on: date
    issuer: str
    #: on the list of occupations in urgent need of the year of issue (急需紧缺)
    urgent: bool = False
    #: a training subsidy was paid for it (职业培训补贴)
    trained: bool = False
    #: which office told the register that it paid the skill subsidy; empty for none
    paid_by: str = ""


class SkillCertificateRegister(Protocol):
    """Kept by the national centre for the appraisal of skills."""

    def certificates(self, id_number: str) -> tuple[SkillCertificate, ...]:
        """Every certificate of the holder, oldest first. Raises RegisterDown."""
        ...


def renumbered(certificates: tuple[SkillCertificate, ...], begins: str) -> tuple[SkillCertificate, ...]:
    """The same certificates under numbers of their own, for rehearsals: one that was paid once is paid for ever."""
    return tuple(replace(each, number=f"{begins}{place}") for place, each in enumerate(certificates))
