"""The kiosk's browser policy with the real Chromium: a page of the office's network may reach the copy program."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
POLICY = ROOT / "deploy/kiosk/chromium-policy.json"
FULL_CHROMIUM = "/usr/bin/chromium"
ORIGIN = "https://jietan.example.gov.cn"
FIXED = "/etc/chromium"

pytestmark = pytest.mark.browser


def missing() -> str:
    """What keeps this from running here; empty: nothing.  The headless shell reads no policies."""
    if os.geteuid() != 0:
        return "a mount namespace needs root"
    if not Path(FULL_CHROMIUM).exists() or not Path(FIXED).is_dir() or not shutil.which("unshare"):
        return "Debian's chromium is not installed"
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, text=True)
    return tried.stderr.strip()[:80]


def answer(folder: Path, *, policy: bool) -> str:
    """What a page of a public address gets from a program on 127.0.0.1, in a Chromium of its own mount namespace."""
    etc = folder / "etc"
    managed = etc / "policies/managed"
    managed.mkdir(parents=True, exist_ok=True)
    if policy:
        (managed / "kiosk.json").write_text(POLICY.read_text("utf-8").replace(ORIGIN, "http://127.0.0.1"), "utf-8")
    command = [sys.executable, "-m", "tests.network.loopback_page", FULL_CHROMIUM]
    mounted = ["unshare", "--mount", "sh", "-ec", f'mount --bind "$0" {FIXED}; exec "$@"', str(etc)]
    done = subprocess.run([*mounted, *command], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    return str(json.loads(done.stdout.splitlines()[-1])["answer"])


def test_the_policy_opens_the_way_to_the_copy_program_and_nothing_else_does(tmp_path: Path) -> None:
    reason = missing()
    if reason:
        pytest.skip(reason)
    assert answer(tmp_path / "without", policy=False) == "blocked", "else the policy is not needed any more"
    assert answer(tmp_path / "with", policy=True) == "kept"
