"""Two seeded offices for each test of the exchange."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from offices import FixedClock
from two_offices import Pair, keys_and_peers, seeded_templates, two_offices


@pytest.fixture(scope="session")
def templates(
    server: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, str]]:
    """Names of the seeded databases, by code of their office."""
    with seeded_templates(server, template, tmp_path_factory.mktemp("templates")) as names:
        yield names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the offices keep their keys and the lists of their peers."""
    keys_and_peers(tmp_path)
    return tmp_path


@pytest.fixture
def pair(server: str, templates: Mapping[str, str], folder: Path, clock: FixedClock) -> Iterator[Pair]:
    """Both offices, with a line between them."""
    with two_offices(server, templates, folder, clock) as opened:
        yield opened
