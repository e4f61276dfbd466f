"""Settings of the kiosk's own program, from the environment: `JIETAN_KIOSK_SERVER` sets `server`."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class KioskSettings(BaseSettings):
    """What a kiosk computer may decide."""

    model_config = SettingsConfigDict(env_prefix="JIETAN_KIOSK_", extra="ignore")

    server: str = Field("http://127.0.0.1:8600", description="Address of the office's server.")
    data_dir: Path = Field(Path("kiosk-data"), description="Folder for this kiosk's key and for copies that wait to be sent.")
    media_bind: list[str] = Field([], description="Own addresses for media (UDP); empty: all but 127.0.0.1.")

    agent_port: int = Field(8610, description="Port of the copy program (127.0.0.1), the office's kiosk_agent_port.")
    screens_port: int = Field(8611, description="Port of the kiosk's own address (127.0.0.1), where its screens are.")
    copies_max_mb: int = Field(20_000, gt=0, description="Most that waiting copies take of the disk.")
    disk_reserve_mb: int = Field(1000, ge=0, description="So much of the disk copies leave free.")

    fingerprint_command: str = Field(
        "", description="Program of a fingerprint pad: writes one PNG to its output for a finger; empty: there is no pad."
    )
    fingerprint_name: str = Field("手印板", description="Name of the pad, kept beside each print.")

    card_reader_port: int = Field(
        0, ge=0, le=65535, description="Port on 127.0.0.1 of the program of an identity card reader (kiosk/devices/README.md); 0: there is none."
    )

    alarm_device: str = Field("", description="Input device of an emergency button, e.g. /dev/input/by-id/…-event-kbd; empty: there is none.")
    handset_device: str = Field("", description="Input device of a hand-set's hook: a key is down while it is lifted; empty: there is none.")
    handset_output: str = Field(
        "", description="Words in the name of the browser's sound output that is the hand-set; empty: one that calls itself hand-set or 听筒."
    )
    number_display_port: int = Field(
        0, ge=0, le=65535, description="Port on 127.0.0.1 of the program of a display for queue numbers (kiosk/devices/README.md); 0: there is none."
    )
    hall_token: str = Field("", description="Which hall it shows: the last part of the address of the hall's screen; empty: none.")
    slip_printer: str = Field(
        "", description="Printer for slips, e.g. ipp://127.0.0.1:631/printers/SLIP of CUPS; empty: there is none."
    )
    paper_printer: str = Field("", description="Printer for A4, as for slips; empty: there is none.")

    reboot_file: Path | None = Field(
        None, description="File whose making starts the computer again (deploy/kiosk: jietan-reboot.path); empty: nobody can from afar."
    )

    handwriting_model: Path = Field(
        Path("/usr/share/tegaki/models/zinnia/handwriting-zh_CN.model"),
        description="Zinnia model for characters written with a finger; where it is not there, people type by pinyin.",
    )

    recogniser_url: str = Field(
        "", description="Address of a transcriber on this computer (http://127.0.0.1:8602) for sittings alone; empty: none."
    )

    recogniser_key: str = Field("", description="That transcriber's key.")

    browser: str = Field("", description="The kiosk's browser; empty: the first Chromium or Chrome that is found.")
    browser_dir: Path | None = Field(
        None, description="Folder for the browser's profiles, best in memory; empty: XDG_RUNTIME_DIR, else under data_dir."
    )
    browser_flags: list[str] = Field([], description="Further flags of the browser.")

    @property
    def papers_key_file(self) -> Path:
        """In memory where systemd or a session gives such a folder: a computer that is carried away knows it no more."""
        memory = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or os.environ.get("XDG_RUNTIME_DIR", "")
        folder = Path(memory) if memory and os.access(memory, os.W_OK) else self.data_dir
        return folder / "jietan-papers.key"

    @property
    def startup_file(self) -> Path:
        """How long the last start took."""
        return self.data_dir / "startup.json"

    @property
    def office_file(self) -> Path:
        return self.data_dir / "office.json"

    @property
    def key_file(self) -> Path:
        return self.data_dir / "kiosk.key"

    @property
    def enrolled_file(self) -> Path:
        """Which kiosk this is, and whose screens it shows."""
        return self.data_dir / "enrolled.json"

    @property
    def agent_key_file(self) -> Path:
        return self.data_dir / "agent.key"
