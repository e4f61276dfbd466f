"""Settings of the web program, the media node and the supervisor.

Read from `jietan.toml` (or the file that JIETAN_CONFIG names), then from the environment: `JIETAN_WEB_PORT`
sets `web_port`.  deploy/config.example.toml documents every field; a test holds the two together.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from server.durable import write_once


def config_file() -> Path:
    """The TOML file with settings; it need not exist."""
    return Path(os.environ.get("JIETAN_CONFIG", "jietan.toml"))


SHORTEST_SECRET = 32
SHORTEST_TURN_SECRET = 16


def authority(host: str, port: int) -> str:
    """Host and port as they stand in a URL: an IPv6 address in brackets (RFC 3986 section 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class UnusableSecret(ValueError):
    """The shared key is missing or too short to be one; the message says where it stands."""


def make_private(folder: Path) -> None:
    """Make a folder that only its owner can enter; one that is there already is closed to others."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    open_to_others = folder.stat().st_mode & 0o077
    if open_to_others:
        with contextlib.suppress(PermissionError):  # somebody else's folder, lent to us: its owner decides
            folder.chmod(folder.stat().st_mode & 0o7700)


def _make_secret(path: Path) -> None:
    """Write a new key."""
    make_private(path.parent)
    write_once(path, secrets.token_hex(32).encode())


class Settings(BaseSettings):
    """Everything that an installation may decide."""

    model_config = SettingsConfigDict(env_prefix="JIETAN_", extra="ignore")

    data_dir: Path = Field(Path("data"), description="Folder for the database, keys and recordings.")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in data_dir.")
    jobs_database_url: str = Field("", description="Database of the durable jobs; empty: SQLite in data_dir.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe line logged.")
    secret: str = Field("", description="Shared key of all programs, 32 characters or more; empty: data_dir/secret.key.")

    web_host: str = Field("127.0.0.1", description="Address the web program listens on.")
    web_port: int = Field(8600, description="Port the web program listens on.")
    public_url: str = Field("", description="Address users type, e.g. https://xf.example.gov.cn; empty: http://host:port.")
    cookie_secure: bool | None = Field(
        None, description="Send cookies over HTTPS only; left out: when public_url begins with https."
    )
    trusted_proxies: list[str] = Field(
        ["127.0.0.1"], description="Addresses of proxies that are believed when they say who calls; * trusts anybody."
    )

    media_host: str = Field("127.0.0.1", description="Address of the media node's WebSocket listener.")
    media_port: int = Field(8601, description="Port of the media node's WebSocket listener.")
    media_nodes: int = Field(
        1, ge=1, le=64, description="Media nodes that jietan serve runs on this machine; receptions are spread over them."
    )
    media_more_port: int = Field(8620, description="Port of the second media node; further nodes have the next ones.")
    media_node: int = Field(0, ge=0, description="Number of this media node, from 0; jietan serve sets it.")
    media_url: str = Field("", description="How the web program reaches the media node; empty: ws://media_host:media_port.")
    signalling_url: str = Field(
        "", description="How clients reach the media node's signalling; empty: ws://media_host:media_port/signal."
    )
    lecture_viewers: int = Field(
        100, ge=1, le=500, description="So many screens may watch lectures on one media node at the same time."
    )
    media_bind: list[str] = Field(
        ["127.0.0.1"], description="Local addresses for media (UDP). Name the machine's own address for real kiosks."
    )
    media_announce: list[str] = Field(
        [], description="Addresses to name to clients instead of media_bind's, behind NAT; one or more of a family."
    )
    media_port_min: int = Field(0, ge=0, le=65535, description="First UDP port for media; 0: any port.")
    media_port_max: int = Field(0, ge=0, le=65535, description="Last UDP port for media; one is used per participant and address.")
    ice_servers: list[str] = Field([], description="STUN URLs handed to clients, e.g. stun:turn.example.gov.cn:3478.")
    turn_urls: list[str] = Field(
        [], description="TURN URLs handed to clients, the best first, e.g. turn:turn.example.gov.cn:3478?transport=udp."
    )
    turn_secret: str = Field("", description="Secret shared with the TURN server (coturn: static-auth-secret).")
    turn_secret_file: Path | None = Field(None, description="File with that secret, instead of turn_secret.")
    turn_hours: float = Field(12, gt=0, le=72, description="A client's TURN credentials end after so many hours.")

    kiosk_languages: list[str] = Field(
        ["zh-CN", "en"], description="Languages that kiosks offer, the first one to begin with: packs of web/static/js/kiosk/languages."
    )
    kiosk_agent_port: int = Field(8610, description="Port of the copy program on every kiosk computer (127.0.0.1).")
    copy_max_mb: int = Field(8000, gt=0, description="Largest copy of one talk that is taken from a kiosk.")

    transcriber_host: str = Field("127.0.0.1", description="Address the transcriber listens on.")
    transcriber_port: int = Field(8602, description="Port the transcriber listens on.")
    transcriber_url: str = Field("", description="How others reach the transcriber; empty: http://transcriber_host:port.")
    transcriber_urls: list[str] = Field(
        [], description="Several transcribers, instead of transcriber_url: each stream goes to the least busy one."
    )

    segment_seconds: int = Field(300, ge=5, description="A recording starts a new file after this many seconds.")
    disk_reserve_mb: int = Field(500, description="Below this much free disk the recording warns.")
    disk_warn_minutes: float = Field(
        60, ge=0, description="It also warns when the disk will be full in so many minutes at the present rate."
    )
    empty_room_minutes: float = Field(10, gt=0, description="A talk that everybody is gone from ends after so long.")
    session_hours: int = Field(10, description="A log-in ends after so many hours.")
    two_step_roles: list[Literal["leader", "clerk", "handler", "supervisor", "administrator", "security", "auditor"]] = Field(
        [], description="Accounts of these roles must log in with a second step (a code from an app on one's telephone); others may."
    )
    kiosk_sitting_hours: float = Field(
        4, gt=0, description="So many hours after its talk ended, a sitting nobody finished is cleared from the kiosk."
    )
    reading_link_hours: float = Field(
        2, gt=0, le=72, description="A link for reading and signing a record on one's own telephone ends after so many hours."
    )
    file_on_signature: bool = Field(True, description="A signed record is filed at once; off: a clerk files it.")
    archive_on_filing: bool = Field(True, description="Make the archive's film as soon as a case is filed.")
    drafting_words: Path | None = Field(
        None, description="File of the office's own words for drafting, as transcription/drafting/data/words.toml."
    )
    figures_least_participation: int = Field(
        30, ge=0, le=100, description="Per cent that must have rated for a satisfaction rate to count (figures)."
    )
    figures_repeat_window_days: int = Field(
        90, ge=1, le=365, description="A matter that comes again within so many days of its conclusion was not resolved at once."
    )
    figures_target_in_time: int = Field(95, ge=0, le=100, description="Per cent that should be concluded in time; drawn as a line.")
    figures_target_video_city: int = Field(40, ge=0, le=100, description="Per cent of city leaders' receptions that should be by video.")
    figures_target_video_county: int = Field(60, ge=0, le=100, description="The same of county leaders.")
    statutory_routes: Path | None = Field(
        None, description="File of the office's own categories and statutory routes, as server/domain/data/routes.toml."
    )
    second_pass: bool = Field(
        True, description="Hear every recording again after the talk, with the transcriber's settings second_…."
    )
    llm_url: str = Field(
        "", description="Address of the office's own language model (OpenAI-compatible); empty: none, nothing is sent anywhere."
    )
    llm_key: str = Field("", description="Bearer key for it, where it wants one.")
    llm_model: str = Field("", description="Name of the model there.")
    llm_timeout_s: float = Field(120, gt=0, le=3600, description="An answer that takes longer is not waited for.")
    review_share: float = Field(
        0.1, ge=0, le=1, description="Share of each office's filed records that a colleague hears again the next day; 0: none."
    )
    review_most: int = Field(5, ge=1, le=100, description="So many of an office's records of one day at most.")
    review_seed: str = Field("", description="What the daily choice is made with; empty: derived from the installation's secret.")
    notice_smtp_host: str = Field("", description="Mail server for notices to officers; empty: none are sent by e-mail.")
    notice_smtp_port: int = Field(465, ge=1, le=65535, description="Its port.")
    notice_smtp_tls: Literal["tls", "starttls", "none"] = Field(
        "tls", description="TLS from the first byte, after STARTTLS, or none (only for a server on this machine)."
    )
    notice_smtp_user: str = Field("", description="Log-in there; empty: without.")
    notice_smtp_password: str = Field("", description="Its password.")
    notice_from: str = Field("", description="Sender's address of notices, e.g. jietan@example.gov.cn.")
    notice_sms_url: str = Field(
        "", description="SMS gateway for notices to officers and query codes to petitioners: takes POST {id, to, text} as JSON; empty: none are sent."
    )
    notice_sms_key: str = Field("", description="Bearer key for it.")
    notice_timeout_s: float = Field(20, gt=0, le=300, description="A mail server or gateway that takes longer is tried again later.")
    remind_before_days: list[int] = Field([3, 1], description="临期提示: so many days before a deadline, the first one first.")
    remind_late_days: list[int] = Field(
        [1, 3], min_length=2, max_length=2, description="逾期督办: so many days after it the supervisor is told, then the leader."
    )
    timestamp_url: str = Field(
        "", description="Address of a time-stamping authority (RFC 3161) for records and recordings; empty: none, nothing is sent anywhere."
    )
    timestamp_roots: Path | None = Field(None, description="PEM file with the authority's root certificates, against which its answers are checked.")
    timestamp_user: str = Field("", description="Log-in there (HTTP basic); empty: without.")
    timestamp_password: str = Field("", description="Its password.")
    export_days: float = Field(7, gt=0, description="An export bundle is deleted after so many days.")
    pdf_font_dir: str = Field("", description="Folder with further fonts for printed letters (rare characters).")

    @field_validator("media_bind", "media_announce")
    @classmethod
    def _addresses(cls, given: list[str]) -> list[str]:
        """Addresses in their canonical form; a name would be bound to at the worst moment or not at all."""
        return [str(ip_address(address)) for address in given]

    @field_validator("transcriber_urls")
    @classmethod
    def _transcriber_urls(cls, given: list[str]) -> list[str]:
        for url in given:
            if not url.startswith(("http://", "https://")):
                raise ValueError(f"{url} does not begin with http:// or https://")
        return given

    @field_validator("llm_url", "notice_sms_url", "timestamp_url")
    @classmethod
    def _url(cls, given: str) -> str:
        if given and not given.startswith(("http://", "https://")):
            raise ValueError(f"{given} does not begin with http:// or https://")
        return given

    @field_validator("remind_before_days")
    @classmethod
    def _before(cls, given: list[int]) -> list[int]:
        if any(not 1 <= days <= 30 for days in given) or sorted(set(given), reverse=True) != given:
            raise ValueError("remind_before_days: from 30 to 1, each once, the largest first")
        return given

    @field_validator("remind_late_days")
    @classmethod
    def _late(cls, given: list[int]) -> list[int]:
        if not 1 <= given[0] < given[1] <= 365:
            raise ValueError("remind_late_days: two numbers from 1, the second larger than the first")
        return given

    @field_validator("turn_urls")
    @classmethod
    def _turn_urls(cls, given: list[str]) -> list[str]:
        for url in given:
            if not url.startswith(("turn:", "turns:")):
                raise ValueError(f"{url} does not begin with turn: or turns:")
        return given

    @model_validator(mode="after")
    def _fits_together(self) -> "Settings":
        if bool(self.media_port_min) != bool(self.media_port_max) or self.media_port_min > self.media_port_max:
            raise ValueError("media_port_min and media_port_max are the ends of one range: set both or neither")
        if self.media_node >= self.media_nodes:
            raise ValueError("media_node counts from 0 and is less than media_nodes")
        if self.media_url and self.media_nodes > 1:
            raise ValueError("media_url names one media node: leave it empty where media_nodes is more than 1")
        if self.llm_url and not self.llm_model:
            raise ValueError("llm_url needs llm_model, the name of the model there")
        if self.timestamp_url and self.timestamp_roots is None:
            raise ValueError("timestamp_url needs timestamp_roots, the file that the authority's answers are checked with")
        if self.notice_smtp_host and not self.notice_from:
            raise ValueError("notice_smtp_host needs notice_from, the address that notices come from")
        if self.turn_urls and not (self.turn_secret or self.turn_secret_file):
            raise ValueError("turn_urls needs turn_secret or turn_secret_file, the same secret as the TURN server's")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments beat the environment, the environment beats the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, config_file())

    @property
    def recordings_dir(self) -> Path:
        return self.data_dir / "recordings"

    @property
    def peaks_dir(self) -> Path:
        """How loud recordings are over time (server/reception/record/peaks.py); can be made again."""
        return self.data_dir / "peaks"

    @property
    def archives_dir(self) -> Path:
        return self.data_dir / "archives"

    @property
    def signing_key_path(self) -> Path:
        """The private key that recordings are signed with; its public half lies beside it (.pub.pem)."""
        return self.data_dir / "recording-signing.pem"

    @property
    def copies_dir(self) -> Path:
        return self.data_dir / "copies"

    @property
    def papers_dir(self) -> Path:
        return self.data_dir / "papers"

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'jietan.sqlite'}"

    @property
    def jobs_url(self) -> str:
        return self.jobs_database_url or f"sqlite:///{self.data_dir / 'jobs.sqlite'}"

    @property
    def base_url(self) -> str:
        return self.public_url.rstrip("/") or f"http://{authority(self.web_host, self.web_port)}"

    @property
    def secure(self) -> bool:
        """Whether users come over HTTPS only."""
        return self.base_url.startswith("https://") if self.cookie_secure is None else self.cookie_secure

    def media_port_of(self, node: int) -> int:
        """The port of a media node's listener."""
        return self.media_port if node == 0 else self.media_more_port + node - 1

    def media_control_url(self, node: int = 0) -> str:
        """Where the web program steers a media node."""
        return (self.media_url.rstrip("/") or self._media_base(node)) + "/control"

    def client_signalling_url(self, node: int = 0) -> str:
        """Where clients join a reception that lives on this media node."""
        if not self.signalling_url:
            return self._media_base(node) + "/signal"
        return self.signalling_url if node == 0 else f"{self.signalling_url.rstrip('/')}/{node}"

    def _media_base(self, node: int) -> str:
        return f"ws://{authority(self.media_host, self.media_port_of(node))}"

    @property
    def transcriber_bases(self) -> list[str]:
        """Where the transcribers are; one at least."""
        own = self.transcriber_url or f"http://{authority(self.transcriber_host, self.transcriber_port)}"
        return [url.rstrip("/") for url in self.transcriber_urls or [own]]

    @cached_property
    def turn_key(self) -> str:
        """The secret shared with the TURN server; raises UnusableSecret."""
        secret = self.turn_secret or (self.turn_secret_file.read_text() if self.turn_secret_file else "")
        if len(secret.strip()) < SHORTEST_TURN_SECRET:
            raise UnusableSecret(f"turn_secret has fewer than {SHORTEST_TURN_SECRET} characters")
        return secret.strip()

    @cached_property
    def _root_key(self) -> bytes:
        path = self.data_dir / "secret.key"
        if not self.secret and not path.exists():
            _make_secret(path)
        secret = (self.secret or path.read_text()).strip()
        if len(secret) < SHORTEST_SECRET:
            where = "the setting secret" if self.secret else str(path)
            raise UnusableSecret(f"the key in {where} has fewer than {SHORTEST_SECRET} characters")
        return secret.encode()

    def key(self, purpose: str) -> str:
        """A key for one purpose (hex, 32 bytes), derived from the installation's secret with HMAC-SHA-256.

        Purposes in use: seat (join tokens), control (web to media), transcriber (callers of the transcriber),
        progress and log-in (addresses in the store), review (the daily choice of records), hall (addresses of a hall's screen).  Raises UnusableSecret.
        """
        return hmac.new(self._root_key, purpose.encode(), hashlib.sha256).hexdigest()
