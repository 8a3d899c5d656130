"""The API of taking over what an older system recorded: files, their reports of data quality, and loading."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import Schema

from engine.cases import history_import as cases
from engine.cases.history_import import Taken
from engine.cases.import_kinds import KINDS
from engine.cases.import_reading import BYTES_MAX
from engine.cases.import_views import FileView
from engine.cases.office import Office
from engine.cases.uploads import Upload
from engine.values import Actor
from web import api_schemas as schemas
from web.api_doors import NUMBER, STAFF, Room, file_out, reads, writes
from web.api_records import answer_of, rows_of
from web.imports import AROUND_FILE

import_room = Room("imports", chinese="历史数据导入", english="imports of an older system's records")

_IMPORT = f"/imports/<{NUMBER}:import_id>"


class NewImport(schemas.File):
    """A file and what it holds."""

    kind = schemas.choice("kind", *KINDS)


class TemplateQuery(Schema):
    """Of which kind."""

    kind = schemas.choice("kind", *KINDS)


@import_room.url_value_preprocessor
def _let_long_files_in(endpoint: str | None, _: dict[str, Any] | None) -> None:
    """A file of a hundred thousand lines is longer than any paper, here as on the page."""
    if request.method == "POST" and endpoint is not None and request.path == "/api/v1/imports":
        request.max_content_length = BYTES_MAX + AROUND_FILE


@reads(import_room, "/imports", chinese="导入文件清单", answer=rows_of(FileView), who=STAFF)
def files(office: Office, actor: Actor) -> object:
    """The newest files of one's region and all below it."""
    return cases.imports(office, actor)


@writes(import_room, "/imports", chinese="上传导入文件", uploads=NewImport, done=Taken, status=201, who=STAFF)
def upload(office: Office, actor: Actor, asked: dict[str, Any]) -> object:
    """Keep the file, to be read and checked by the next sweeps; the same content again is the same import."""
    file = asked["file"]
    name = getattr(file, "filename", "") or ""
    return cases.upload(office, actor, asked["kind"], Upload(name=name, content=schemas.content_of(file)))


@reads(import_room, _IMPORT, chinese="查看导入文件", answer=answer_of(FileView), who=STAFF)
def show(office: Office, actor: Actor, import_id: int) -> object:
    """One file: how far it is, and its report of data quality with masked examples."""
    return cases.import_view(office, actor, import_id)


@reads(import_room, f"{_IMPORT}/faults", chinese="有误的行", answer=None, who=STAFF)
def faults(office: Office, actor: Actor, import_id: int) -> object:
    """The faulty rows as a workbook, each with what is wrong, to be put right; that they were taken out is on record."""
    return file_out(cases.fix_list(office, actor, import_id), f"import-{import_id}-faults.xlsx")


@reads(import_room, "/imports/template", chinese="导入模板", asks=TemplateQuery, answer=None, who=STAFF)
def template(_office: Office, _actor: Actor, asked: dict[str, Any]) -> object:
    """The workbook to fill in, with a worked line."""
    return file_out(cases.template(asked["kind"]), f"template-{asked['kind']}.xlsx")


@writes(import_room, f"{_IMPORT}/load", chinese="装载", done=Taken, who=STAFF)
def load(office: Office, actor: Actor, import_id: int) -> object:
    """Load the file with the next sweep, everything or nothing; by another person than uploaded it."""
    return cases.load(office, actor, import_id)


@writes(import_room, f"{_IMPORT}/split", chinese="无误的行另立文件", done=Taken, who=STAFF)
def split(office: Office, actor: Actor, import_id: int) -> object:
    """Make the rows without an error a file of their own; by who uploaded it."""
    return cases.split_clean(office, actor, import_id)


@writes(import_room, f"{_IMPORT}/recheck", chinese="重新检查", done=Taken, who=STAFF)
def recheck(office: Office, actor: Actor, import_id: int) -> object:
    """Check the file once more, for what has come on file since."""
    return cases.recheck(office, actor, import_id)
