"""All tables and triggers that the rooms declare: what the newest revision has to equal.

For writing revisions and for tests; a running office never imports it.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType

from sqlalchemy import MetaData

from engine.store.db import Base

_ENGINE = Path(__file__).parent.parent
_DECLARES = re.compile(r"^class \w+\(Base\)|^(TRIGGERS|\w+_GUARDS)\b", re.MULTILINE)


def declaring_modules() -> tuple[ModuleType, ...]:
    """The modules under ``engine`` that declare a table or a tuple of triggers, by name."""
    names = (
        ".".join(("engine", *path.relative_to(_ENGINE).with_suffix("").parts))
        for path in sorted(_ENGINE.rglob("*.py"))
        if path.name != "__init__.py"
        and path.parent.name != "migrations"
        and _DECLARES.search(path.read_text())
    )
    return tuple(importlib.import_module(name) for name in names)


def metadata() -> MetaData:
    """The metadata with every room's tables in it."""
    declaring_modules()
    return Base.metadata


def triggers() -> tuple[str, ...]:
    """Every room's trigger statements, each once, in the order in which they may be run."""
    found: dict[str, None] = {}
    for module in declaring_modules():
        for name, value in sorted(vars(module).items()):
            if name == "TRIGGERS" or name.endswith("_GUARDS"):
                found |= dict.fromkeys(statement.strip() for statement in value)
    return tuple(found)
