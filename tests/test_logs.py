"""Nothing that tells who somebody is leaves in a line of the log or on a page about an error."""

from __future__ import annotations

import ast
import io
import json
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.logs import JsonLines, log_json
from engine.registers.cast import PEOPLE

ROOT = Path(__file__).parents[1]
LOGS = ("debug", "info", "warning", "error", "exception", "critical", "log")

numbers = st.sampled_from([person.id_number for person in PEOPLE.values()]) | st.from_regex(
    r"[1-9]\d{16}[\dX]|[1-9]\d{14}|62\d{14,17}|1[3-9]\d{9}", fullmatch=True
)
NAMES = [
    *(person.name for person in PEOPLE.values()),
    "Ana García",
    "García",
    "wang",
    "WANG",
    "Li",
    "阿卜杜拉·买买提",
    "欧阳",
]
secrets = st.sampled_from(NAMES) | numbers | numbers.filter(str.isdecimal).map(int)
PLACES = (
    "{}", "/cases/{}", "姓名：{}", "{} 已登记", "Key (id)=({}) already exists", "person:{}", "{}:7", "a.{}",
)  # fmt: skip


def line_of(logger: str, text: object, *values: object, error: Exception | None = None) -> str:
    """The line that the record leaves as."""
    told = (type(error), error, None) if error else None
    record = logging.LogRecord(logger, logging.ERROR, __file__, 1, text, values, told)
    return JsonLines().format(record)


def raised(text: str) -> Exception:
    try:
        raise ValueError(text)  # noqa: TRY301 - with a place in it
    except ValueError as error:
        return error


@pytest.mark.req("FLOW-08", "CTRL-07")
@given(
    secret=secrets,
    place=st.sampled_from(PLACES),
    logger=st.sampled_from(["engine.worker", "web.errors", "sqlalchemy.engine", "celery"]),
)
def test_no_value_that_tells_who_somebody_is_leaves_in_a_line(
    secret: str | int, place: str, logger: str
) -> None:
    hidden_in_every_line(secret, place, logger)


@pytest.mark.req("CTRL-07")
def test_no_name_of_the_cast_leaves_wherever_it_stands() -> None:
    for name in NAMES:
        for place in PLACES:
            hidden_in_every_line(name, place, "engine.worker")


def hidden_in_every_line(secret: str | int, place: str, logger: str) -> None:
    said = place.format(secret)
    lines = [
        line_of(logger, "%s failed", secret),
        line_of(logger, "%s failed", said),
        line_of(logger, "%(who)s failed", {"who": said}),
        line_of(logger, "%s failed", raised(said)),
        line_of(logger, "failed", error=raised(said)),
        line_of("sqlalchemy.engine", said),
        line_of("celery", raised(said)),
    ]
    for line in lines:
        told = json.loads(line)
        kept = json.dumps(
            {key: told[key] for key in told if key not in {"at", "level", "logger"}}, ensure_ascii=False
        )
        assert str(secret) not in kept.replace("failed", ""), line


def test_what_helps_an_operator_stays() -> None:
    stream = io.StringIO()
    before = logging.root.handlers[:], logging.root.level
    try:
        log_json(logging.StreamHandler(stream))
        try:
            raise KeyError("110101199003070011")  # noqa: TRY301
        except KeyError as error:
            logging.getLogger("web.errors").exception("%s %s failed", "POST", "/cases/17", exc_info=error)
    finally:
        logging.root.handlers[:], logging.root.level = before
    told = json.loads(stream.getvalue())
    assert (told["text"], told["values"]) == ("%s %s failed", ["POST", "/cases/17"])
    assert told["error"] == "KeyError"
    assert told["where"][0].startswith("test_logs.py:")


def test_every_sentence_that_we_log_is_a_constant() -> None:
    wrong = []
    for folder in ("engine", "web"):
        for path in (ROOT / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text())):
                if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                    continue
                target = call.func.value
                if (
                    call.func.attr in LOGS
                    and isinstance(target, ast.Name)
                    and target.id in {"log", "logger", "logging"}
                ):
                    first = call.args[0]
                    if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                        wrong.append(f"{path.name}:{call.lineno}")
    assert wrong == []
