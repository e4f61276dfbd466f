"""The page's copy of a talk where the line to the kiosk's program closes under it."""

import json
import subprocess
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

STATIC = Path(__file__).parents[2] / "web" / "static"


def test_a_page_whose_line_is_closing_waits_for_the_next_one_and_loses_nothing() -> None:
    node, script = compute_driver_executable()[0], Path(__file__).with_name("closing_line.mjs")
    ran = subprocess.run([node, "--no-warnings", str(script), str(STATIC)], capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(ran.stdout) == [["one"], ["two"]]
