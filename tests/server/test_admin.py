"""`jietan admin`, run from a shell as on a server."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from server import admin

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
