"""The hand-set lifted: all that the page says is heard in it; nothing that can only be said aloud is said."""

import json
import subprocess
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

STATIC = Path(__file__).parents[2] / "web" / "static"


def test_guidance_recordings_and_the_talk_are_heard_in_the_hand_set_or_it_is_said_that_they_are_not() -> None:
    node, script = compute_driver_executable()[0], Path(__file__).with_name("handset_page.mjs")
    ran = subprocess.run([node, "--no-warnings", str(script), str(STATIC)], capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    loudspeaker, handset = ["", "", "", "true"], ["handset", "handset", "handset", "false"]
    assert told["seen"] == [loudspeaker, handset, loudspeaker, loudspeaker, loudspeaker, ["other", "other", "other", "false"]]
    assert [words[:12] for words in told["told"]] == [
        "听筒拿起来了，声音只有您", "听筒放下了，声音从喇叭里", "听筒里没有声音，还是从喇", "听筒放下了，声音从喇叭里", "听筒拿起来了，声音只有您"]  # fmt: skip
    assert (told["late"], told["cancelled"]) == ("other", True)
