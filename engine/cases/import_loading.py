"""A checked file into the tables of history and of grants: one statement for each table, the whole file or nothing.

Who may, and whether the file is still clean, is the caller's business. Called inside its transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.cases.import_tables import ImportFile
from engine.people import Sex
from engine.registers.many_people import ensure_people
from engine.store.crypto import Vault
from engine.values import RegionCode


class IncompleteLoadError(Exception):
    """装入的行数与文件不符，一行也没有装载。"""

    retryable = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """A person as a file of persons has them."""

    id_number: str
    name: str
    birth: date
    sex: Sex
    household_region: RegionCode


def number_place(index: bytes) -> str:
    """What the cipher of an identity number in an entry is bound to."""
    return f"import_entry.id_number:{index.hex()}"


def load_rows(session: Session, vault: Vault, file: ImportFile, *, now: datetime) -> int:
    """How many rows were loaded: all of the file's.

    IncompleteLoadError for a row too few; that, and what the database does not take, rolls the transaction back.
    """
    if file.kind == "persons":
        # who is on file already stays as they are: the register that put them there knows better
        known = session.scalar(text(_KNOWN), {"file": file.id}) or 0
        loaded = known + ensure_people(session, vault, _records(session, vault, file), now=now)
    else:
        # each of these statements says how many rows it wrote
        loaded = session.connection().exec_driver_sql(_STATEMENTS[file.kind], {"file": file.id}).rowcount
    if loaded != file.row_count:
        raise IncompleteLoadError(f"import_file {file.id}: {loaded} / {file.row_count}")
    return loaded


def _records(session: Session, vault: Vault, file: ImportFile) -> Iterator[_Record]:
    for row in session.execute(text(_PERSONS), {"file": file.id}):
        yield _Record(
            id_number=vault.decrypt(row.id_cipher, bound_to=number_place(bytes(row.person_index))),
            name=row.name,
            birth=row.birth,
            sex=row.sex,
            household_region=RegionCode(row.region_code),
        )


_PERSONS = """
SELECT person_index, id_cipher, name, birth, sex, region_code FROM import_entry e
 WHERE file_id = :file AND NOT EXISTS (SELECT 1 FROM person p WHERE p.id_number_index = e.person_index)
 ORDER BY row_no"""
_KNOWN = """
SELECT count(*) FROM import_entry e JOIN person p ON p.id_number_index = e.person_index
 WHERE e.file_id = :file"""
_FROM = "FROM import_entry e JOIN person p ON p.id_number_index = e.person_index"
_STATEMENTS: Mapping[str, str] = {
    "contributions": f"""
INSERT INTO imported_contribution
       (file_id, row_no, person_id, employer_code, first_month, last_month, months, base_fen)
SELECT e.file_id, e.row_no, p.id, e.employer_code, e.first_month, e.last_month, e.months, e.amount_fen
  {_FROM} WHERE e.file_id = %(file)s ORDER BY e.row_no""",
    # the grant's number is taken first, so that the older system's number can stand beside it
    "grants": f"""
WITH numbered AS MATERIALIZED (
  SELECT nextval(pg_get_serial_sequence('benefit_grant', 'id'))::integer AS grant_id, q.* FROM (
    SELECT e.*, p.id AS person_id {_FROM} WHERE e.file_id = %(file)s ORDER BY e.row_no) q
), made AS (
  INSERT INTO benefit_grant
         (id, case_id, origin, person_id, region_code, household_region, retirement_class, applied_on,
          granted_on, first_month, months, months_paid, paid_through, monthly_fen, determination, status,
          ended_ground, ended_on)
  SELECT grant_id, NULL, 'import', person_id, region_code, coalesce(household_region, ''), retirement_class,
         day, granted_on, first_month, months, months_paid, last_month, amount_fen,
         json_build_object('granted', true, 'months', months,
           'monthly', to_char(amount_fen / 100.0, 'FM9999999990.00'), 'reasons', json_build_array(json_build_object(
             'code', 'imported', 'text', '原系统已核定，编号' || reference,
             'text_en', 'Granted by the older system under ' || reference, 'fact', '', 'parameter', '',
             'source', '', 'verified', true)))::text,
         standing, ended_ground, ended_on
    FROM numbered
)
INSERT INTO imported_grant (grant_id, file_id, row_no, reference, months_paid, paid_through)
SELECT grant_id, file_id, row_no, reference, months_paid, last_month FROM numbered""",  # noqa: S608
    "payments": f"""
INSERT INTO imported_payment
       (file_id, row_no, person_id, grant_id, month, amount_fen, paid_on, channel, reference)
SELECT e.file_id, e.row_no, p.id, g.grant_id, e.first_month, e.amount_fen, e.day, e.channel, e.voucher
  {_FROM} JOIN imported_grant g ON g.reference = e.reference WHERE e.file_id = %(file)s ORDER BY e.row_no""",
    "exits": f"""
INSERT INTO imported_exit (file_id, row_no, person_id, employer_code, day, reason)
SELECT e.file_id, e.row_no, p.id, e.employer_code, e.day, e.reason
  {_FROM} WHERE e.file_id = %(file)s ORDER BY e.row_no""",
}
