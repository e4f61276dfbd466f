"""Every deadline and every figure of a simulated year, worked out a second time, agrees exactly."""

import pytest

from tests.records import recomputed
from tests.records.simulated_year import simulate


@pytest.mark.slow
def test_a_small_year_agrees(tmp_path):
    found = simulate(tmp_path, 14, 6, seed=3, compared=1)
    assert found["kinds"].keys() >= {"registered", "screen", "assign", "accept", "reply", "conclude", "rate"}
    assert found["deadlines"] > 40
    assert found["reminders"] > 40


@pytest.mark.nightly
def test_a_year_of_thirty_organizations_agrees(tmp_path):
    found = simulate(tmp_path, 300, 30, compared=3)
    everything = {"guide", "object", "object refused", "take_back", "ask_extension refused", "grant_extension", "not_accept", "begin_pause",
                  "follow_up", "repeats", "request_review", "review_opinion", "rate", "talk", "to_ordinary", "refuse_extension", "refuse_review",
                  "refuse_reexamination", "reexamination_opinion", "handle_anew", "merge", "unmerge", "unmerge refused", "guide_back", "unguide_back",
                  "unsplit", "supervise", "answer", "promise", "keep_promise", "break_promise"}  # fmt: skip
    assert found["kinds"].keys() >= everything


def test_the_second_bookkeeping_imports_nothing_of_the_product():
    loaded = [name for name, thing in vars(recomputed).items() if getattr(thing, "__module__", "").startswith("server")]
    assert not loaded

