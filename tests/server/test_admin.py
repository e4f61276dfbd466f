"""`jietan admin`, run from a shell as on a server."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Runs `jietan admin …` over an empty data folder."""
    environment = os.environ | {
        "JIETAN_DATA_DIR": str(tmp_path / "data"),
        "JIETAN_CONFIG": str(tmp_path / "none.toml"),
        "JIETAN_WEB_PORT": "1",
    }

    def run(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "server.cli", "admin", *words],
            cwd=ROOT, env=environment, input=typed, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return run


def test_an_office_is_set_up_from_a_shell(shell: Shell) -> None:
    assert shell("create-organization", "云岭县信访局", "--code", "YL").returncode == 0
    assert shell("create-organization", "石桥镇", "--code", "SQ", "--parent", "YL").returncode == 0
    user = ("create-user", "zhou", "--name", "周文清", "--role", "leader", "--organization", "YL")
    assert shell(*user, typed="a-long-pass-phrase\n").returncode == 0
    kiosk = shell("create-kiosk", "石桥镇智能接谈室", "--organization", "SQ")
    assert "/kiosk/enrol?code=" in kiosk.stdout
    status = shell("status")
    assert "organizations 2, users 1, kiosks 1" in status.stdout
    assert "web does not answer" in status.stdout


def test_the_first_link_is_there_only_while_nobody_has_an_account(shell: Shell) -> None:
    assert "/setup?token=" in shell("link").stdout
    shell("create-organization", "云岭县信访局", "--code", "YL")
    user = ("create-user", "admin", "--name", "管理员", "--role", "administrator", "--organization", "YL")
    assert shell(*user, typed="a-long-pass-phrase\n").returncode == 0
    refused = shell("link")
    assert (refused.returncode, refused.stdout) == (1, "")
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
    assert refused.returncode == 1
    assert why in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_short_password_is_refused_and_never_printed(shell: Shell) -> None:
    shell("create-organization", "云岭县信访局", "--code", "YL")
    user = ("create-user", "zhou", "--name", "周文清", "--role", "leader", "--organization", "YL")
    refused = shell(*user, typed="short\n")
    assert refused.returncode == 1
    assert "password" in refused.stderr
    assert "short\n" not in refused.stderr
