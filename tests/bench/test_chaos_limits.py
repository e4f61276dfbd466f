"""What `make chaos` calls too much."""

from deploy.chaos.__main__ import beyond


def test_a_case_over_its_limits_or_without_its_picture_is_named():
    assert beyond({"case": "calm", "recording_lost_s": 0.02, "picture_back_s": 0.03}) == []
    assert beyond({"case": "thin", "recording_lost_s": 1.01, "picture_back_s": 5.0}) == ["thin: recording_lost_s 1.01"]
    assert beyond({"case": "gone", "recording_lost_s": 0.5, "picture_back_s": None}) == ["gone: picture_back_s None"]
    assert beyond({"case": "gone", "failed": "Timeout"}) == []
