"""What `make chaos` calls too much, and that what its page names is there."""

import re
from pathlib import Path

from deploy.chaos.__main__ import beyond
from deploy.chaos.cases import CASES

ROOT = Path(__file__).parents[2]


def test_a_case_over_its_limits_or_without_its_picture_is_named():
    assert beyond({"case": "calm", "recording_lost_s": 0.02, "picture_back_s": 0.03}) == []
    assert beyond({"case": "thin", "recording_lost_s": 1.01, "picture_back_s": 5.0}) == ["thin: recording_lost_s 1.01"]
    assert beyond({"case": "gone", "recording_lost_s": 0.5, "picture_back_s": None}) == ["gone: picture_back_s None"]
    assert beyond({"case": "loss_10", "recording_lost_s": 0.02, "picture_back_s": 0.1, "picture_still_s": 1.2}) == ["loss_10: picture_still_s 1.2"]
    assert beyond({"case": "gone", "failed": "Timeout"}) == ["gone: could not be run: Timeout"]


def test_every_case_and_test_that_the_page_names_is_there():
    page = (ROOT / "deploy/chaos/README.md").read_text("utf-8")
    rows = re.findall(r"(?m)^\| [^|]+ \| ([^|]*) \| [^|]*\|$", page.split("## Which case")[1].split("## Last measured")[0])
    named = {name for row in rows[1:] if "`" not in row and "--" not in row for name in row.split(", ") if name.strip()}
    assert named
    assert named <= {case.name for case in CASES}
    written = "".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    missing = [name for name in re.findall(r"`(test_\w+)`", page) if f"def {name}(" not in written]
    assert missing == []
