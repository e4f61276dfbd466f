"""Settings: where they come from, and that every one is documented."""

import os
import re
import stat
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from kiosk.settings import KioskSettings
from server.settings import Settings
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
