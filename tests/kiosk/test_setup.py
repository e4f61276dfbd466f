"""deploy/kiosk/setup.sh: what it would do, that a second run changes nothing, and what it refuses."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "deploy" / "kiosk" / "setup.sh"
BUNDLE = SCRIPT.with_name("bundle.sh")
OFFICE = ("--server", "https://xf.example.cn/")
UPRIGHT = ("--output", "HDMI-A-1", "--rotate", "90", "--calibration", "0 -1 1 1 0 0")


def set_up(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"JIETAN_ROOT": str(root)}
    return subprocess.run(["bash", str(SCRIPT), *options], env=environment, capture_output=True, text=True, timeout=30, check=False)


def test_a_second_run_changes_nothing_and_a_dry_one_never_does(tmp_path: Path) -> None:
    dry = set_up(tmp_path, *OFFICE, "--dry-run")
    assert (dry.returncode, list(tmp_path.iterdir())) == (0, [])
    assert "would run: systemctl enable jietan-kiosk.service" in dry.stdout
    first = set_up(tmp_path, *OFFICE, *UPRIGHT)
    assert first.returncode == 0, first.stderr
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    again = set_up(tmp_path, *OFFICE, *UPRIGHT).stdout
    assert (": written" in again, again.count("is so already")) == (False, len(written))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == written
    assert not [path for path in written if re.search("@[A-Z]+@", path.read_text())], "no place was left empty"
    assert (tmp_path / "etc/jietan-kiosk.conf").stat().st_mode & 0o777 == 0o600, "keys of other programs may stand there"
    policy = json.loads((tmp_path / "etc/chromium/policies/managed/jietan.json").read_text())
    assert (policy["URLBlocklist"], policy["URLAllowlist"]) == (["*"], ["http://127.0.0.1:8611", "chrome://print", "chrome-untrusted://print"])
    assert "JIETAN_KIOSK_SERVER=https://xf.example.cn\n" in (tmp_path / "etc/jietan-kiosk.conf").read_text()
    touch = (tmp_path / "etc/udev/rules.d/90-jietan-touch.rules").read_text()
    assert 'LIBINPUT_CALIBRATION_MATRIX}="0 -1 1 1 0 0"' in touch
    assert 'WL_OUTPUT}="HDMI-A-1"' in touch


def test_what_is_not_said_again_stays(tmp_path: Path) -> None:
    devices = ("--slip-printer", "SLIP", "--card-reader", "8621", "--alarm-button", "/dev/input/by-id/usb-b-event-kbd", "--handset", "/dev/hook")
    set_up(tmp_path, *OFFICE, *UPRIGHT, *devices, "--allow-usb-storage", "--no-updates", "--no-keyboards")
    settings = tmp_path / "etc/jietan-kiosk.conf"
    settings.write_text(settings.read_text() + "JIETAN_KIOSK_RECOGNISER_URL=http://127.0.0.1:8602\n# by hand\n")
    kept = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    again = set_up(tmp_path)
    assert (again.returncode, ": written" in again.stdout) == (0, False), again.stderr
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == kept
    assert "cups" in again.stdout
    assert "LIBINPUT_IGNORE_DEVICE" in (tmp_path / "etc/udev/rules.d/90-jietan-touch.rules").read_text()
    changed = set_up(tmp_path, "--server", "https://new.example.cn", "--paper-printer", "A4", "--slip-printer", "none", "--card-reader", "none", "--lock-usb-storage")
    lines = settings.read_text().splitlines()
    assert changed.returncode == 0, changed.stderr
    assert lines[1] == "JIETAN_KIOSK_SERVER=https://new.example.cn", "in its own place"
    assert "JIETAN_KIOSK_PAPER_PRINTER=ipp://127.0.0.1:631/printers/A4" in lines
    assert ("JIETAN_KIOSK_SLIP_PRINTER=" in lines, "JIETAN_KIOSK_CARD_READER_PORT=0" in lines) == (True, True)
    assert ("JIETAN_KIOSK_RECOGNISER_URL=http://127.0.0.1:8602" in lines, "# by hand" in lines) == (True, True)
    assert "JIETAN_KIOSK_HANDSET_DEVICE=/dev/hook" in lines
    assert "HDMI-A-1" in (tmp_path / "opt/jietan/bin/jietan-screen").read_text()
    assert (tmp_path / "etc/modprobe.d/jietan.conf").exists()


@pytest.mark.parametrize(("options", "words"), [
    ((), "--server is missing"), (("--server", "ftp://x; rm -rf /"), "is no address"), ((*OFFICE, "--rotate", "45"), "--rotate is"),
    ((*OFFICE, "--rotate", "90"), "needs --output"), ((*OFFICE, "--calibration", "1 2"), "six numbers"),
    ((*OFFICE, "--output", "a|e"), "is no display"), ((*OFFICE, "--card-reader", "usb"), "is a port"), ((*OFFICE, "--handset", "hook"), "below /dev"), (("--what",), "unknown option"),
])  # fmt: skip
def test_what_makes_no_sense_is_refused_before_anything_is_done(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    refused = set_up(tmp_path, *options)
    assert refused.returncode != 0
    assert words in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_was_carried_in_is_installed_without_the_internet(tmp_path: Path) -> None:
    carried = tmp_path / "carried"
    shutil.copytree(SCRIPT.parent, carried / "deploy/kiosk")
    shutil.copy(BUNDLE.parents[2] / "requirements.lock", carried)
    (carried / "wheels").mkdir()
    script = ["bash", str(carried / "deploy/kiosk/setup.sh"), *OFFICE, "--dry-run"]
    told = subprocess.run(script, capture_output=True, text=True, timeout=30, check=True, env=os.environ | {"JIETAN_ROOT": str(tmp_path)}).stdout
    installed = [line for line in told.splitlines() if "/pip install" in line]
    assert len(installed) == 2
    assert all("--no-index --find-links" in line for line in installed)


def test_no_package_is_taken_from_an_index_by_its_name_alone(tmp_path: Path) -> None:
    """Anybody may have registered it there."""
    alone = tmp_path / "deploy/kiosk"
    shutil.copytree(SCRIPT.parent, alone)
    script, environment = ["bash", str(alone / "setup.sh"), *OFFICE], os.environ | {"JIETAN_ROOT": str(tmp_path / "root")}
    refused = subprocess.run(script, capture_output=True, text=True, timeout=30, check=False, env=environment)
    assert (refused.returncode, "--source is missing" in refused.stderr, (tmp_path / "root").exists()) == (1, True, False)
    (tmp_path / "root/opt/jietan/bin").mkdir(parents=True)
    (tmp_path / "root/opt/jietan/bin/jietan").touch(0o755)
    again = subprocess.run(script, capture_output=True, text=True, timeout=30, check=True, env=environment).stdout
    assert ("pip install" in again, "stays as it is" in again) == (False, True)


@pytest.mark.nightly
def test_every_package_has_a_wheel_for_arm64() -> None:
    """Asks the package index, which takes a minute."""
    found = subprocess.run(["bash", str(BUNDLE), "--python", sys.executable, "--check"], capture_output=True, text=True, timeout=270, check=False)
    if found.returncode and any(word in found.stderr for word in ("Failed to establish a new connection", "Temporary failure in name resolution", "Network is unreachable")):
        pytest.skip("the package index cannot be reached from here")
    assert found.returncode == 0, found.stderr[-3000:]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    """But that programs are missing here which setup.sh installs."""
    set_up(tmp_path, *OFFICE, "--slip-printer", "SLIP")
    units = sorted((tmp_path / "etc/systemd/system").glob("*.*"))
    assert [unit.name for unit in units] == ["jietan-kiosk.service", "jietan-reboot.path", "jietan-reboot.service", "jietan-screen.service", "var-spool-cups.mount"]
    found = subprocess.run(["systemd-analyze", "verify", "--man=no", *map(str, units)], capture_output=True, text=True, timeout=60, check=False)
    told = [line for line in found.stderr.splitlines() if "is not executable" not in line and "etc/systemd/system" in line]
    assert told == []


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_finds_nothing() -> None:
    scripts = [SCRIPT, BUNDLE, *(SCRIPT.parent / "files" / name for name in ("jietan-screen", "jietan-kiosk"))]
    found = subprocess.run(["shellcheck", *map(str, scripts)], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
