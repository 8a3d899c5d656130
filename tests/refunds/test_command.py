"""``changling screen-refunds``, tried as a person types it (REFUND-01)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from insured_employers import open_regions

from engine.cases.employer_crowd import seed_employers
from engine.cases.office import Office

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.req("REFUND-01")]


def changling(office: Office, *arguments: str) -> subprocess.CompletedProcess[str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("CHANGLING_", "DATABASE_", "CELERY_"))}
    return subprocess.run(
        [sys.executable, "-m", "engine", *arguments],
        env={
            **plain,
            "DATABASE_URL": office.settings.database_url,
            "CHANGLING_SECRET": office.settings.secret_key,
            "CHANGLING_DATA": str(office.settings.data_dir),
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_city_is_screened_and_told_once(office: Office) -> None:
    open_regions(office)
    missing = changling(office, "screen-refunds", "2025")
    assert missing.returncode == 1
    assert "参保缴费名册" in missing.stderr
    seed_employers(office, firms=300, seed=1, years=(2024,))

    first, again = (changling(office, "screen-refunds", "2025") for _ in range(2))

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert "300 户，预计返还" in first.stdout
    assert "裁员率高于上限" in first.stdout
    assert "东昌府区：符合" in first.stdout
    assert again.stdout.splitlines()[-12:] == first.stdout.splitlines()[-12:]
    verified = changling(office, "verify")
    assert verified.returncode == 0, verified.stdout


def test_a_county_is_screened_alone_and_a_year_that_never_was_is_wrong_use(office: Office) -> None:
    county = changling(office, "screen-refunds", "2025", "--region", "371521")
    ahead = changling(office, "screen-refunds", "1999")

    assert county.returncode == 0, county.stderr
    assert "阳谷县 2025 年度" in county.stdout
    assert "东昌府区" not in county.stdout
    assert ahead.returncode == 2
