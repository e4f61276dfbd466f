"""Settings: where they come from, and that every one is documented."""

import os
import re
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from kiosk.settings import KioskSettings
from server.main import server_config
from server.settings import Settings, UnusableSecret
from transcription.settings import TranscriberSettings

EXAMPLE = Path(__file__).parents[2] / "deploy" / "config.example.toml"


@pytest.mark.parametrize("settings", [Settings, TranscriberSettings, KioskSettings])
def test_every_setting_is_described_in_code_and_in_the_example(settings: type[BaseSettings]) -> None:
    text = EXAMPLE.read_text()
    prefix = str(settings.model_config.get("env_prefix", "")).removeprefix("JIETAN_").lower()
    for name, field in settings.model_fields.items():
        assert field.description, f"{name} has no description"
        assert re.search(rf"^#? ?{prefix}{name} = ", text, re.MULTILINE) or re.search(
            rf"^#? ?{name} = ", text, re.MULTILINE
        ), f"{prefix}{name} is missing from deploy/config.example.toml"


def test_environment_beats_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "jietan.toml"
    file.write_text("web_port = 1111\nmedia_port = 2222\n")
    monkeypatch.setenv("JIETAN_CONFIG", str(file))
    monkeypatch.setenv("JIETAN_WEB_PORT", "3333")
    settings = Settings()
    assert (settings.web_port, settings.media_port) == (3333, 2222)


def test_the_secret_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first, second = Settings(data_dir=tmp_path), Settings(data_dir=tmp_path)
    assert first.key("seat") == second.key("seat")
    assert first.key("seat") != first.key("control")
    assert stat.S_IMODE(os.stat(tmp_path / "secret.key").st_mode) == 0o600


def test_programs_that_start_together_share_one_secret(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def key(_: int) -> str:
        together.wait()
        return Settings(data_dir=tmp_path / "data").key("seat")

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(key, range(8)))) == 1
    assert [file.name for file in (tmp_path / "data").iterdir()] == ["secret.key"]


def test_the_secret_is_whole_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(_: int) -> None:
        raise OSError("cut")

    monkeypatch.setattr(os, "fsync", power_cut)
    with pytest.raises(OSError, match="cut"):
        Settings(data_dir=tmp_path).key("seat")
    assert not (tmp_path / "secret.key").exists()


def test_a_key_that_is_empty_or_short_is_none(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text(" \n")
    with pytest.raises(UnusableSecret, match=r"secret\.key"):
        Settings(data_dir=tmp_path).key("seat")
    with pytest.raises(UnusableSecret, match="the setting secret"):
        Settings(data_dir=tmp_path, secret="x" * 31 + " ").key("seat")
    assert Settings(data_dir=tmp_path, secret="x" * 32).key("seat")


@pytest.mark.parametrize(("values", "secure"), [
    ({}, False),
    ({"public_url": "https://xf.example.gov.cn"}, True),
    ({"public_url": "https://xf.example.gov.cn", "cookie_secure": False}, False),
    ({"cookie_secure": True}, True),
])
def test_cookies_are_secure_where_users_come_over_https(values: dict[str, Any], secure: bool) -> None:
    assert Settings(**values).secure is secure


def test_only_trusted_proxies_say_who_calls(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret="x" * 32)
    assert server_config(settings).forwarded_allow_ips == ["127.0.0.1"]
    chosen = settings.model_copy(update={"trusted_proxies": ["10.1.2.3"]})
    assert server_config(chosen).forwarded_allow_ips == ["10.1.2.3"]
