"""The table of published price indices. No behaviour: see ``prices``."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.audit import SealedTable, register
from engine.store.db import Base
from engine.store.guards import allowed_transitions, frozen_columns, keep_rows, set_once


class PublishedIndex(Base):
    """What was published about one month's prices in a region, entered by one person and confirmed by another."""

    __tablename__ = "price_index"
    __table_args__ = (
        Index(
            "uq_price_index_confirmed",
            "region",
            "month",
            unique=True,
            postgresql_where=text("status = 'confirmed'"),
        ),
        Index(
            "uq_price_index_entered",
            "region",
            "month",
            unique=True,
            postgresql_where=text("status = 'entered'"),
        ),
        CheckConstraint("status IN ('entered', 'confirmed', 'rejected', 'withdrawn')", name="status"),
        CheckConstraint("confirmed_by <> entered_by", name="four_eyes"),
        CheckConstraint(
            "(status IN ('confirmed', 'withdrawn')) = (confirmed_by IS NOT NULL)", name="confirmed_by"
        ),
        CheckConstraint("living_allowance_fen > 0", name="living_allowance"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    #: whose prices: this region and all below it that have no index of their own
    region: Mapped[str] = mapped_column(ForeignKey("region.code"))
    #: ``2025-10``
    month: Mapped[str] = mapped_column(String(7))
    #: rise over a year in ten-thousandths: 360 for 3.6 %; below zero where prices fell
    cpi_rise: Mapped[int]
    food_rise: Mapped[int]
    #: of the price index of households with low income (SCPI), in the same unit
    low_income_rise: Mapped[int]
    #: living allowance (低保) of a month
    living_allowance_fen: Mapped[int] = mapped_column(BigInteger)
    published_on: Mapped[date]
    #: who published it and where it stands
    source: Mapped[str] = mapped_column(Text)
    #: entered, confirmed, rejected, withdrawn
    status: Mapped[str] = mapped_column(String(10))
    entered_by: Mapped[str] = mapped_column(String(40))
    entered_at: Mapped[datetime]
    confirmed_by: Mapped[str | None] = mapped_column(String(40))
    confirmed_at: Mapped[datetime | None]
    #: why it was rejected or withdrawn
    why: Mapped[str] = mapped_column(Text, default="", server_default="")


_CORE = (
    "id", "region", "month", "cpi_rise", "food_rise", "low_income_rise", "living_allowance_fen", "published_on", "source",
    "entered_by", "entered_at",
)  # fmt: skip
SEALED_INDEX = register(SealedTable(table="price_index", key="id", columns=_CORE))

TRIGGERS: tuple[str, ...] = (
    *keep_rows("price_index"),
    *frozen_columns("price_index", *_CORE),
    *set_once("price_index", "confirmed_by", "confirmed_at"),
    *allowed_transitions(
        "price_index",
        "status",
        (("entered", "confirmed"), ("entered", "rejected"), ("confirmed", "withdrawn")),
    ),
)
