"""Settings of the transcriber.

Read from `jietan.toml` (or the file that JIETAN_CONFIG names; its keys that begin with `transcriber_`), then from
the environment: `JIETAN_TRANSCRIBER_MODEL` and `transcriber_model` both set `model`.
"""

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.sources import InitSettingsSource

_PREFIX = "transcriber_"


class _PrefixedToml(InitSettingsSource):
    """The keys of the shared TOML file that belong to the transcriber, without their prefix."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        path = Path(os.environ.get("JIETAN_CONFIG", "jietan.toml"))
        table: dict[str, Any] = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
        ours = {name.removeprefix(_PREFIX): value for name, value in table.items() if name.startswith(_PREFIX)}
        super().__init__(settings_cls, ours)


class TranscriberSettings(BaseSettings):
    """Everything that an installation may decide about recognition."""

    model_config = SettingsConfigDict(env_prefix="JIETAN_TRANSCRIBER_", extra="ignore")

    host: str = Field("127.0.0.1", description="Address the transcriber listens on.")
    port: int = Field(8602, ge=0, le=65535, description="Port the transcriber listens on.")
    key: str = Field("", description="Key that callers must show; empty: derived from the installation's secret.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe line logged.")

    model: str = Field("", description="A folder, a name of jietan models, or a published name in Hugging Face's cache; empty: as jietan models use says.")
    models_dir: str = Field("", description="Folder that jietan models keeps; empty: models in data_dir.")
    hub_url: str = Field("https://huggingface.co", description="Where jietan models download finds published models.")
    mirror_url: str = Field("", description="Asked when hub_url does not answer, e.g. https://hf-mirror.com.")
    remote_url: str = Field("", description="Recognise through this OpenAI-compatible server instead of a local model.")
    remote_key: str = Field("", description="Bearer key for remote_url.")
    remote_timeout_s: float = Field(30.0, gt=0, description="So long a piece may take at remote_url.")
    device: Literal["cpu", "cuda", "auto"] = Field("cpu", description="Where the model runs.")
    compute_type: str = Field("int8", description="Number format of the weights: int8, int8_float16, float16, float32.")
    cpu_threads: int = Field(1, ge=1, description="Threads for one decoding.")
    workers: int = Field(1, ge=1, description="Decodings that run side by side.")
    batch_size: int = Field(1, ge=1, le=64, description="Pieces of a whole file decoded at once; more than 1: on a GPU.")
    beam_size: int = Field(5, ge=1, le=20, description="Width of the search; 1 is faster and a little worse.")
    second_model: str = Field(
        "", description="Model that hears a whole recording again after the talk (folder or name); empty: the same."
    )
    second_beam_size: int = Field(10, ge=1, le=20, description="Width of the search when a recording is heard again.")
    second_max_utterance_s: float = Field(
        0, ge=0, le=29, description="Longest piece heard again, where longer than max_utterance_s: 28 for a real second_model."
    )
    hotwords: Literal["off", "second", "both"] = Field(
        "second", description="Where names and places of the reception lead it: off, second (only when a recording is heard again), both."
    )
    second_idle_minutes: float = Field(
        5, gt=0, description="So many minutes without use, and second_model is no longer kept in memory."
    )
    language: str = Field("zh", description="Language of files whose sender names none.")

    max_utterance_s: float = Field(9.0, ge=2, le=29, description="Longest piece given to the model; real models: 28.")
    pause_s: float = Field(0.6, ge=0.2, le=3, description="A silence of this length ends an utterance.")
    preroll_s: float = Field(0.35, ge=0.1, le=1, description="Sound kept from before the voice was noticed.")
    voice_threshold: float = Field(0.5, gt=0.05, lt=0.95, description="Probability from which sound counts as voice.")
    partial_s: float = Field(0.5, ge=0, description="Unfinished captions every so many seconds of speech; 0: none.")

    remote_partial_s: float = Field(
        2.0, ge=0, description="The same where remote_url recognises: every look is a request of its own; 0: none."
    )

    max_streams: int = Field(64, ge=1, description="Live tracks at a time; further ones are told to come back.")
    max_upload_mb: int = Field(512, ge=1, description="Largest audio file accepted.")
    stuck_s: float = Field(
        180, gt=0, description="A decoding that takes longer is stuck: where there are several transcribers, the streams leave this one."
    )
    reload_s: float = Field(2.0, gt=0, description="How often a missing or broken model is looked for again.")

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
        return init_settings, env_settings, _PrefixedToml(settings_cls)
