"""The database: declarative base, engine and sessions.

The only module under ``engine`` that imports flask. Transactions are opened by
``engine.cases`` and ``engine.worker`` with :meth:`Store.transaction`, nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Engine, MetaData
from sqlalchemy.orm import DeclarativeBase, Session, registry

from engine.store.sight import SightedSession, seen_as


class Base(DeclarativeBase):
    """Base of every table; constraints get names that a message can show."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    # given through the registry: Flask-SQLAlchemy derives a class of its own, which may not repeat a map
    registry = registry(metadata=metadata, type_annotation_map={datetime: DateTime(timezone=True)})


#: gives Flask-SQLAlchemy's engine options and metadata to web and engine alike
database = SQLAlchemy(model_class=Base)


class Store:
    """One open database; a process opens it once."""

    #: whether its sessions have the eyes of whoever they are opened for
    narrows = True

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        app = Flask("changling-store")
        app.config["SQLALCHEMY_DATABASE_URI"] = url
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
            "pool_pre_ping": True,
            "pool_size": pool_size,
            "max_overflow": pool_size,
            # compiling a statement takes longer than most of ours take, and it is done for each anew
            "connect_args": {"options": "-c timezone=UTC -c jit=off"},
        }
        database.init_app(app)
        with app.app_context():
            self.engine: Engine = database.engine

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end of the block, or rolls back whole on any exception.

        It sees and writes what whoever is asked for now may see: ``engine.store.sight``.
        """
        with SightedSession(self.engine, expire_on_commit=False) as session:
            session.look("acts")
            with session.begin():
                yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for looking only; nothing in it is kept."""
        # closing rolls back and, unlike a rollback of the session, leaves what was read readable
        with SightedSession(self.engine, expire_on_commit=False) as session:
            session.look("reads")
            yield session

    @contextmanager
    def beyond(self, why: str) -> Iterator[Session]:
        """A session for looking with the office's own eyes, whoever is asked for: a way out, as ``sight.beyond`` is."""
        if not why:
            raise ValueError("a way out needs its reason")
        with seen_as(None), self.reading() as session:
            yield session

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
