"""The simulated reception day (reception_day.py) of 15 kiosks and three leaders."""

from pathlib import Path

import pytest

from tests.reception.reception_day import simulate


@pytest.mark.nightly
def test_one_day_of_many_kiosks_and_several_leaders(tmp_path: Path) -> None:
    """Nobody is lost, nobody is received twice, the order is as the rules say, every reception has its record."""
    figures = simulate(tmp_path, (15, 3, 2), seed=8)
    assert figures["received_once"] == figures["records"] > 45
    assert figures["rooms_over_noon"] > 0
