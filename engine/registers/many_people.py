"""Insured persons by the ten thousand, in one statement: for files of an older system.

The definition of one person is ``people.ensure_person``; a differential test holds this to it.
Called by the import of history, inside its transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.people import KnownPerson, number_columns, region_known
from engine.store.copying import copy_rows
from engine.store.crypto import Vault

_COLUMNS = (
    "place",
    "id_number_index",
    "id_number_cipher",
    "name",
    "birth",
    "sex",
    "region_code",
    "created_at",
)

_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS people_taken (
  place integer, id_number_index bytea, id_number_cipher bytea, name varchar(60), birth date, sex varchar(6),
  region_code varchar(6), created_at timestamptz
) ON COMMIT DROP
"""

# one identity number twice: the later record counts, as it would one after the other
_TAKE = """
INSERT INTO person (id_number_index, id_number_cipher, name, birth, sex, region_code, created_at)
SELECT DISTINCT ON (id_number_index)
       id_number_index, id_number_cipher, name, birth, sex, region_code, created_at
  FROM people_taken ORDER BY id_number_index, place DESC
ON CONFLICT (id_number_index) DO UPDATE
   SET name = excluded.name, birth = excluded.birth, sex = excluded.sex
"""


def ensure_people(session: Session, vault: Vault, records: Iterable[KnownPerson], *, now: datetime) -> int:
    """How many records were taken; each person is created if not yet kept. Idempotent, also when two do it at once.

    Name, birth and sex follow the record; where somebody is insured already is not changed.
    """
    kept = list(records)
    # asked for first: a COPY under way lets no other question through
    homes = {record.household_region for record in kept}
    regions: dict[str, str] = {home: region_known(session, home) for home in homes}
    session.execute(text(_STAGE))
    taken = copy_rows(session, "people_taken", _COLUMNS, _rows(vault, kept, regions, now))
    session.execute(text(_TAKE))
    session.execute(text("DROP TABLE people_taken"))
    return taken


def _rows(
    vault: Vault, records: Iterable[KnownPerson], regions: Mapping[str, str], now: datetime
) -> Iterator[tuple[object, ...]]:
    for place, record in enumerate(records):
        numbers = number_columns(vault, record.id_number)
        yield (
            place,
            numbers["id_number_index"],
            numbers["id_number_cipher"],
            record.name,
            record.birth,
            record.sex,
            regions[record.household_region],
            now,
        )
