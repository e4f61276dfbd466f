"""Two hours of the simulated day of a kiosk (simulated_day.py), with everything that can happen in it."""

import asyncio
from pathlib import Path

import pytest

from tests.kiosk.simulated_day import simulate


@pytest.mark.nightly
def test_every_sitting_of_two_hours_arrives_once_and_whole_or_says_what_is_missing(tmp_path: Path) -> None:
    figures, faults = asyncio.run(simulate(tmp_path, 2, 3))
    assert faults == []
    assert figures["alone"] + figures["talks"] == 12
