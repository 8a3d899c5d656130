"""What the rows of a file say about each other and about what is on file already: one statement for each fault.

Run once all rows were read by themselves, and once more just before they are loaded: the world may have moved on.
Called inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.cases.import_faults import FAULTS
from engine.cases.import_tables import ImportFile
from engine.values import reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A fault, the column it is shown at, and the rows that have it: a query over ``live`` of row_no and fact."""

    code: str
    column: str
    rows: str


#: rows without an error so far: of two rows that cannot both stand, the first does
_LIVE = "WITH live AS MATERIALIZED (SELECT * FROM import_entry WHERE file_id = :file)"
_NOTE = """
, found AS MATERIALIZED ({rows}), gone AS ({gone})
INSERT INTO import_fault (file_id, row_no, column_key, code, severity, message, message_en, value)
SELECT :file, row_no, :column, :code, :severity,
       :text || CASE WHEN fact = '' THEN '' ELSE '（' || fact || '）' END,
       :text_en || CASE WHEN fact = '' THEN '' ELSE ' (' || fact || ')' END, ''
  FROM found ORDER BY row_no
"""
#: a row with an error says nothing any more: the next check reads it anew
_GONE = "DELETE FROM import_entry e USING found WHERE e.file_id = :file AND e.row_no = found.row_no"
_KEPT = "SELECT 1"
_COUNT = """
UPDATE import_file SET
  error_rows = (SELECT count(DISTINCT row_no) FROM import_fault WHERE file_id = :file AND severity = 'error'),
  warning_rows = (SELECT count(DISTINCT w.row_no) FROM import_fault w
    WHERE w.file_id = :file AND w.severity = 'warning' AND NOT EXISTS (SELECT 1 FROM import_fault e
      WHERE e.file_id = :file AND e.row_no = w.row_no AND e.severity = 'error'))
WHERE id = :file
"""


def check_across(session: Session, file: ImportFile) -> None:
    """Every fault between rows noted, and the file's counts as they are then."""
    session.flush()
    # a table that grew by a hundred thousand rows a moment ago is planned for as if it were empty
    session.execute(text("ANALYZE import_entry"))
    for rule in _RULES[file.kind]:
        known = FAULTS[rule.code]
        session.execute(
            text(_LIVE + _NOTE.format(rows=rule.rows, gone=_GONE if known.severity == "error" else _KEPT)),
            {
                "file": file.id,
                "column": rule.column,
                "code": rule.code,
                "severity": known.severity,
                "text": known.text,
                "text_en": known.text_en,
                **({"reach": reach(file.region_code) + "%"} if ":reach" in rule.rows else {}),
            },
        )
    session.execute(text(_COUNT), {"file": file.id})
    session.refresh(file, ["error_rows", "warning_rows"])


def forget_across(session: Session, file: ImportFile) -> None:
    """What was found between rows forgotten, before they are looked at anew."""
    codes = sorted({rule.code for rule in _RULES[file.kind]})
    session.execute(
        text("DELETE FROM import_fault WHERE file_id = :file AND code = ANY(:codes)"),
        {"file": file.id, "codes": codes},
    )


def _twice(*columns: str, where: str = "true", code: str = "duplicate_row", column: str = "") -> Rule:
    """Rows that say the same as one further up."""
    return Rule(
        code=code,
        column=column,
        rows=f"""SELECT row_no, '#' || first AS fact FROM (
            SELECT row_no, first_value(row_no) OVER w AS first, row_number() OVER w AS n
              FROM live WHERE {where} WINDOW w AS (PARTITION BY {", ".join(columns)} ORDER BY row_no)) q
            WHERE n > 1""",  # noqa: S608 - columns are named here below
    )


def _rows(code: str, column: str, rows: str) -> Rule:
    return Rule(code=code, column=column, rows=f"SELECT e.row_no, '' AS fact FROM live e {rows}")  # noqa: S608


_PERSON = "JOIN person p ON p.id_number_index = e.person_index"
_GRANT = "JOIN imported_grant g ON g.reference = e.reference JOIN benefit_grant b ON b.id = g.grant_id"

_UNKNOWN = _rows(
    "person_unknown",
    "id_number",
    "WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.id_number_index = e.person_index)",
)
_NAME = _rows(
    "name_conflict", "name", f"{_PERSON} WHERE replace(e.name, ' ', '') <> replace(p.name, ' ', '')"
)
_OUTSIDE = _rows("person_outside", "id_number", f"{_PERSON} WHERE p.region_code NOT LIKE :reach")
_NO_EMPLOYER = _rows(
    "employer_unknown",
    "employer_code",
    "WHERE NOT EXISTS (SELECT 1 FROM employer x WHERE x.credit_code = e.employer_code)",
)

_PERSONS = (
    _twice("person_index", column="id_number"),
    _NAME,
    _rows("known_already", "id_number", _PERSON),
)
_CONTRIBUTIONS = (
    _twice("person_index", "employer_code", "first_month", "last_month"),
    _UNKNOWN,
    _OUTSIDE,
    _NAME,
    _rows(
        "loaded_before",
        "",
        f"""{_PERSON} JOIN imported_contribution c ON c.person_id = p.id AND c.employer_code = e.employer_code
            AND c.first_month = e.first_month AND c.last_month = e.last_month""",
    ),
    _rows(
        "overlap",
        "first_month",
        f"""{_PERSON} WHERE EXISTS (SELECT 1 FROM imported_contribution c
              WHERE c.person_id = p.id AND c.employer_code = e.employer_code
                AND c.first_month <= e.last_month AND c.last_month >= e.first_month)""",  # noqa: S608
    ),
    Rule(
        code="overlap",
        column="first_month",
        rows="""SELECT row_no, '≤ ' || earlier AS fact FROM (SELECT row_no, first_month,
            max(last_month) OVER (PARTITION BY person_index, employer_code ORDER BY first_month, row_no
              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier FROM live) q
            WHERE earlier >= first_month""",
    ),
    _NO_EMPLOYER,
)
_GRANTS = (
    _twice("reference", column="reference"),
    _twice("person_index", "first_month"),
    _rows("loaded_before", "reference", "JOIN imported_grant g ON g.reference = e.reference"),
    _UNKNOWN,
    _OUTSIDE,
    _NAME,
    _rows(
        "loaded_before",
        "first_month",
        f"""{_PERSON} WHERE EXISTS (SELECT 1 FROM benefit_grant b
              WHERE b.person_id = p.id AND b.first_month = e.first_month)""",  # noqa: S608
    ),
    _twice("person_index", where="standing = 'active'", code="second_active", column="standing"),
    _rows(
        "second_active",
        "standing",
        f"""{_PERSON} WHERE e.standing = 'active' AND EXISTS (SELECT 1 FROM benefit_grant b
              WHERE b.person_id = p.id AND b.status = 'active')""",  # noqa: S608
    ),
)
_PAYMENTS = (
    _twice("reference", "first_month", "day", "amount_fen", "voucher"),
    _UNKNOWN,
    _rows(
        "grant_unknown",
        "reference",
        "WHERE NOT EXISTS (SELECT 1 FROM imported_grant g WHERE g.reference = e.reference)",
    ),
    _rows("grant_of_other", "reference", f"{_GRANT} {_PERSON} WHERE b.person_id <> p.id"),
    _rows("person_outside", "reference", f"{_GRANT} WHERE b.region_code NOT LIKE :reach"),
    _NAME,
    _rows(
        "loaded_before",
        "",
        f"""{_GRANT} JOIN imported_payment x ON x.grant_id = b.id AND x.month = e.first_month
            AND x.paid_on = e.day AND x.amount_fen = e.amount_fen AND x.reference = e.voucher""",
    ),
    _rows("outside_grant", "month", f"{_GRANT} WHERE e.first_month < b.first_month"),
    _rows("not_counted", "month", f"{_GRANT} WHERE e.first_month > coalesce(g.paid_through, '')"),
    Rule(
        code="more_than_paid",
        column="month",
        rows="""SELECT row_no, n || ' > ' || months_paid AS fact FROM (
            SELECT e.row_no, g.months_paid, dense_rank() OVER (PARTITION BY g.grant_id ORDER BY e.first_month)
              + (SELECT count(DISTINCT x.month) FROM imported_payment x WHERE x.grant_id = g.grant_id) AS n
            FROM live e JOIN imported_grant g ON g.reference = e.reference
           WHERE NOT EXISTS (SELECT 1 FROM imported_payment x
              WHERE x.grant_id = g.grant_id AND x.month = e.first_month)) q
            WHERE n > months_paid""",
    ),
    Rule(
        code="above_standard",
        column="amount",
        rows="""SELECT row_no, '' AS fact FROM (
            SELECT e.row_no, b.monthly_fen, sum(e.amount_fen) OVER (PARTITION BY b.id, e.first_month)
              + (SELECT coalesce(sum(x.amount_fen), 0) FROM imported_payment x
                  WHERE x.grant_id = b.id AND x.month = e.first_month) AS total
            FROM live e JOIN imported_grant g ON g.reference = e.reference
            JOIN benefit_grant b ON b.id = g.grant_id) q WHERE total > monthly_fen""",
    ),
)
_EXITS = (
    _twice("person_index", "employer_code", "day"),
    _UNKNOWN,
    _OUTSIDE,
    _NAME,
    _rows(
        "loaded_before",
        "",
        f"""{_PERSON} JOIN imported_exit x ON x.person_id = p.id AND x.employer_code = e.employer_code
            AND x.day = e.day""",
    ),
    _NO_EMPLOYER,
)
_RULES: Mapping[str, tuple[Rule, ...]] = {
    "persons": _PERSONS,
    "contributions": _CONTRIBUTIONS,
    "grants": _GRANTS,
    "payments": _PAYMENTS,
    "exits": _EXITS,
}
