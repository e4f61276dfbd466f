"""Settings of the kiosk's own program, from the environment: `JIETAN_KIOSK_SERVER` sets `server`."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class KioskSettings(BaseSettings):
    """What a kiosk computer may decide."""

    model_config = SettingsConfigDict(env_prefix="JIETAN_KIOSK_", extra="ignore")

    server: str = Field("http://127.0.0.1:8600", description="Address of the office's server.")
    data_dir: Path = Field(Path("kiosk-data"), description="Folder for this kiosk's key.")
    media_bind: list[str] = Field([], description="Own addresses for media (UDP); empty: all but 127.0.0.1.")

    @property
    def key_file(self) -> Path:
        return self.data_dir / "kiosk.key"
