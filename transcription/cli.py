"""Commands of the transcriber, mounted by the main command line."""

import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter

from server.log import configure
from server.protocol.transcript import Utterance
from server.settings import Settings
from transcription.evaluate import load_reference, score
from transcription.settings import TranscriberSettings

_utterances: TypeAdapter[dict[str, list[Utterance]]] = TypeAdapter(dict[str, list[Utterance]])


def transcriber_settings() -> TranscriberSettings:
    """Settings of the transcriber; what it has not of its own it takes from the installation: key, models folder."""
    settings, office = TranscriberSettings(), Settings()
    key = settings.key or office.key("transcriber")
    return settings.model_copy(update={"key": key, "models_dir": settings.models_dir or str(office.data_dir / "models")})


def transcriber() -> None:
    """Recognise speech: live tracks from media nodes, and whole files."""
    from transcription.service import run

    settings = transcriber_settings()
    configure("transcriber", level=settings.log_level)
    run(settings)


def evaluate(
    transcript: Annotated[Path, typer.Argument(help="JSON: {speaker: [utterance, …]}.", exists=True)],
    reference: Annotated[Path, typer.Argument(help="A dialogue's reference.json.", exists=True)],
) -> None:
    """Compare a transcript with a reference; prints one line of JSON."""
    given = _utterances.validate_json(transcript.read_bytes())
    result = score([(speaker, u) for speaker, own in given.items() for u in own], load_reference(reference))
    figures = {
        "cer": round(result.cer, 4),
        "utterances": result.utterances,
        "start_error_p95_s": round(result.start_error_p95_s, 3),
        "starts_within_half_second": round(result.starts_within_half_second, 3),
        "speaker_errors": result.speaker_errors,
    }
    typer.echo(json.dumps(figures))
