"""Counters (服务网点) by region, from ``processes/service-points.yaml``: where people find the office."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.cases.guide_views import ServicePoint
from engine.law.policy import NATIONAL, region_chain
from engine.store.declaration import Entry, read_declaration
from engine.workflow.guide import Bilingual

_FIELDS = (
    "region", "name", "name_en", "address", "address_en", "phone", "hours", "hours_en", "source", "verified",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServicePointBook:
    """All counters, in the order of the file."""

    points: tuple[ServicePoint, ...]

    @classmethod
    def load(cls, directory: Path) -> ServicePointBook:
        """The book in ``service-points.yaml``; DeclarationError names file, line and field."""
        top = read_declaration(directory / "service-points.yaml")
        top.only("service_points")
        return cls(tuple(_point(entry) for entry in top.entries("service_points")))

    def near(self, region: str) -> tuple[ServicePoint, ...]:
        """The counters in the region and below it; where it has none, those of the nearest region around it."""
        for wider in region_chain(region):
            within = "" if wider == NATIONAL else wider.rstrip("0") if wider.endswith("00") else wider
            within = within + "0" * (len(within) % 2)
            found = tuple(point for point in self.points if point.region.startswith(within))
            if found:
                return found
        return ()

    def named(self, names: Mapping[str, Bilingual]) -> ServicePointBook:
        """The book with the names of the regions."""
        return ServicePointBook(tuple(_named(point, names) for point in self.points))


def _named(point: ServicePoint, names: Mapping[str, Bilingual]) -> ServicePoint:
    return ServicePoint(
        region=point.region,
        region_name=names.get(point.region, Bilingual(zh=point.region)),
        name=point.name,
        street=point.street,
        phone=point.phone,
        hours=point.hours,
        source=point.source,
        verified=point.verified,
    )


def _point(entry: Entry) -> ServicePoint:
    entry.only(*_FIELDS)
    region = entry.text("region")
    if len(region) != 6 or not region.isdigit():
        raise entry.error(f"地区「{region}」应当是六位代码", field="region")
    return ServicePoint(
        region=region,
        region_name=Bilingual(zh=region),
        name=Bilingual(zh=entry.text("name"), en=entry.text("name_en")),
        street=Bilingual(zh=entry.text("address"), en=entry.text("address_en")),
        phone=entry.text("phone"),
        hours=Bilingual(zh=entry.text("hours"), en=entry.text("hours_en")),
        source=entry.text("source"),
        verified=entry.flag("verified", default=False),
    )
