"""Who keeps away from a case (回避): those whose work it is about, and those whom it names.

A case about the work on another case is closed to everybody who had a hand in that one, also to who gets one later;
a case about people is closed to them. Judged with every other hand in ``acting``; the trigger refuses the same again.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.duties.tables import HANDS
from engine.store.db import Base
from engine.store.guards import insert_only
from engine.store.sight import beyond
from engine.values import Reason

_HANDS = ", ".join(f"'{kind}'" for kind in HANDS)
_KEPT_AWAY = Reason(
    code="own_work",
    text="此案涉及本人或本人经办过的事项，应当回避，由他人办理",
    text_en="The case is about you or about work of yours; somebody else does it.",
    source="国办发〔2019〕51号（评价与被评价分开）；社会保险经办条例第四十九条（本系统设计）",
    verified=False,
)


class CaseAvoidance(Base):
    """Insert-only. One member of staff, or everybody with a hand in another case, who keeps away from a case."""

    __tablename__ = "case_avoidance"
    __table_args__ = (
        CheckConstraint("(of_case_id IS NULL) <> (staff_id IS NULL)", name="one_of_two"),
        Index("uq_case_avoidance_case", "case_id", "of_case_id", unique=True),
        Index("uq_case_avoidance_staff", "case_id", "staff_id", unique=True),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigInteger)
    #: who had a hand in that case keeps away
    of_case_id: Mapped[int | None] = mapped_column(BigInteger)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff_member.id"))
    #: own_work, named, complainant
    why: Mapped[str] = mapped_column(String(20))


def keep_away(
    session: Session, case_id: int, *, why: str, of_case_id: int | None = None, staff_id: int | None = None
) -> None:
    """From now on they have no hand in the case; saying it twice changes nothing. Give one of the two."""
    row = insert(CaseAvoidance).values(case_id=case_id, of_case_id=of_case_id, staff_id=staff_id, why=why)
    with beyond(session, "who keeps away is the office's to say, whoever complained or rated"):
        session.execute(row.on_conflict_do_nothing())


def kept_away(session: Session, case_id: int, names: tuple[str, ...]) -> tuple[Reason, ...]:
    """Why one of these names (actor keys) keeps away from the case; empty when none need."""
    query = text("SELECT bool_or(keeps_away(:case, who)) FROM unnest(CAST(:names AS text[])) AS who")
    found = session.scalar(query, {"case": case_id, "names": list(names)})
    return (_KEPT_AWAY,) if found else ()


_KEEPS_AWAY = """
CREATE OR REPLACE FUNCTION keeps_away(on_case_id bigint, who text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT who <> '' AND EXISTS (
        SELECT 1 FROM case_avoidance a WHERE a.case_id = on_case_id AND (
            'staff:' || a.staff_id = who
            OR EXISTS (SELECT 1 FROM workflow_history h
                        WHERE h.case_id = a.of_case_id AND h.kind IN (HANDS) AND who IN (h.actor, h.on_behalf_of))))
$$
""".replace("HANDS", _HANDS)

_GUARD = """
CREATE OR REPLACE FUNCTION guard_history_avoidance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF keeps_away(NEW.case_id, NEW.actor) OR keeps_away(NEW.case_id, NEW.on_behalf_of) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('应当回避（own_work）：', NEW.actor, '，案件 ', NEW.case_id, '，环节 ', NEW.element_id);
    END IF;
    RETURN NEW;
END $$
"""

TRIGGERS: tuple[str, ...] = (
    *insert_only("case_avoidance"),
    _KEEPS_AWAY,
    _GUARD,
    "DROP TRIGGER IF EXISTS workflow_history_avoidance ON workflow_history",
    f"""CREATE TRIGGER workflow_history_avoidance BEFORE INSERT ON workflow_history
       FOR EACH ROW WHEN (NEW.kind IN ({_HANDS}))
       EXECUTE FUNCTION guard_history_avoidance()""",
)
