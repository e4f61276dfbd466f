"""`jietan admin`, run from a shell as on a server."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from server import admin, signing_key
from server.protocol import chain
from server.protocol.base import Role, TrackKind
from server.protocol.recording import MANIFEST_NAME, Manifest, Segment
from server.settings import Settings

ROOT = Path(__file__).parents[2]
Shell = Callable[..., Result]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Runs `jietan admin …` over an empty data folder."""
    monkeypatch.setenv("JIETAN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JIETAN_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("JIETAN_WEB_PORT", "1")

    def run(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(admin.app, list(words), input=typed)

    return run


@pytest.mark.slow
def test_the_command_hands_its_words_on(tmp_path: Path) -> None:
    environment = os.environ | {"JIETAN_DATA_DIR": str(tmp_path), "JIETAN_CONFIG": str(tmp_path / "none.toml")}
    done = subprocess.run(
        [sys.executable, "-m", "server.cli", "admin", "create-kiosk", "一号", "--organization", "XX"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert "no organization XX" in done.stderr


def test_an_office_is_set_up_from_a_shell(shell: Shell) -> None:
    assert shell("create-organization", "云岭县信访局", "--code", "YL").exit_code == 0
    assert shell("create-organization", "石桥镇", "--code", "SQ", "--parent", "YL").exit_code == 0
    user = ("create-user", "zhou", "--name", "周文清", "--role", "leader", "--organization", "YL")
    assert shell(*user, typed="a-long-pass-phrase\n").exit_code == 0
    kiosk = shell("create-kiosk", "石桥镇智能接谈室", "--organization", "SQ")
    assert "/kiosk/enrol?code=" in kiosk.stdout
    status = shell("status")
    assert "organizations 2, users 1, kiosks 1" in status.stdout
    assert "web does not answer" in status.stdout


def test_the_first_link_is_there_only_while_nobody_has_an_account(shell: Shell) -> None:
    assert "/setup?token=" in shell("link").stdout
    shell("create-organization", "云岭县信访局", "--code", "YL")
    user = ("create-user", "admin", "--name", "管理员", "--role", "administrator", "--organization", "YL")
    assert shell(*user, typed="a-long-pass-phrase\n").exit_code == 0
    refused = shell("link")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "there are accounts already" in refused.stderr


@pytest.mark.parametrize(
    ("words", "typed", "why"),
    [
        (("create-organization", "石桥镇", "--code", "sq!"), "", "code"),
        (("create-organization", "石桥镇", "--code", "SQ", "--parent", "XX"), "", "no organization XX"),
        (("create-kiosk", "一号", "--organization", "XX"), "", "no organization XX"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_trace(
    shell: Shell, words: tuple[str, ...], typed: str, why: str
) -> None:
    refused = shell(*words, typed=typed)
    assert refused.exit_code == 1
    assert why in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_short_password_is_refused_and_never_printed(shell: Shell) -> None:
    shell("create-organization", "云岭县信访局", "--code", "YL")
    user = ("create-user", "zhou", "--name", "周文清", "--role", "leader", "--organization", "YL")
    refused = shell(*user, typed="short\n")
    assert refused.exit_code == 1
    assert "password" in refused.stderr
    assert "short\n" not in refused.stderr


def _recording(folder: Path, settings: Settings) -> None:
    """A folder with one signed file."""
    folder.mkdir()
    (folder / "p1-audio-001.webm").write_bytes(b"sound")
    segment = Segment(
        id="p1-audio-001", participant_id="p1", role=Role.PETITIONER, kind=TrackKind.AUDIO, codec="audio/opus",
        file="p1-audio-001.webm", start=0, seconds=1, size=5, sha256=hashlib.sha256(b"sound").hexdigest(),
    )  # fmt: skip
    first = chain.linked(segment, 1, chain.start("r1"))
    manifest = Manifest(reception_id="r1", segments=(first,), chain=first.chain)
    (folder / MANIFEST_NAME).write_text(signing_key.load(settings).sign(manifest).model_dump_json())


def test_a_recording_is_verified_in_words(shell: Shell, tmp_path: Path) -> None:
    folder, settings = tmp_path / "r1", Settings()
    assert "No such file" in shell("verify", str(folder)).stderr
    _recording(folder, settings)
    whole = shell("verify", str(folder))
    assert (whole.exit_code, whole.stdout) == (0, "文件、清单和签名都对得上。\n")
    (folder / "p1-audio-001.webm").write_bytes(b"other")
    changed = shell("verify", str(folder))
    assert changed.exit_code == 1
    assert changed.stdout == "p1-audio-001.webm：文件和清单里登记的不一样：换过或者改过。\n"
    (folder / MANIFEST_NAME).write_text("[")
    assert "读不出来" in shell("verify", str(folder)).stdout
    assert "no Ed25519 key" in shell("verify", str(folder), "--key", str(folder / MANIFEST_NAME)).stderr


def test_verified_with_the_key_of_another_office(shell: Shell, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "r1", Settings(data_dir=tmp_path / "elsewhere")
    _recording(folder, elsewhere)
    signing_key.load(Settings())
    assert "不是用本单位的密钥签的" in shell("verify", str(folder)).stdout
    assert shell("verify", str(folder), "--key", str(signing_key.public_path(elsewhere))).exit_code == 0


def test_a_password_is_given_from_the_shell(shell: Shell) -> None:
    shell("create-organization", "云岭县信访局", "--code", "YL")
    shell("create-user", "an", "--name", "安全", "--role", "security", "--organization", "YL", typed="a-long-pass-phrase\n")
    assert shell("reset-password", "nobody", typed="another-pass-phrase\n").exit_code == 1
    assert shell("reset-password", "an", typed="short\n").exit_code == 1
    assert shell("reset-password", "an", "--without-second-step", typed="another-pass-phrase\n").exit_code == 0
