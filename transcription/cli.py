"""Commands of the transcriber, mounted by the main command line."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from server.settings import Settings
from transcription.settings import TranscriberSettings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help="Speech recognition: the service, and how good it is.")


def transcriber_settings() -> TranscriberSettings:
    """Settings of the transcriber; what it has not of its own it takes from the installation: key, models folder."""
    settings, office = TranscriberSettings(), Settings()
    key = settings.key or office.key("transcriber")
    return settings.model_copy(update={"key": key, "models_dir": settings.models_dir or str(office.data_dir / "models")})


@app.callback(invoke_without_command=True)
def serve(context: typer.Context) -> None:
    """Recognise speech until told to stop: live tracks from media nodes, and whole files."""
    if context.invoked_subcommand is None:
        from transcription.service import run

        run(transcriber_settings())


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Argument(help="Dialogues: folders with reference.json and a sound file each.", exists=True)],
    page: Annotated[Path, typer.Option(help="Where the page to look at and listen to goes.")] = Path("evaluation.html"),
    live_seconds: Annotated[float, typer.Option(help="Seconds sent in real time for the latency; 0: none.")] = 20.0,
) -> None:
    """Recognise dialogues and compare with what was said; prints one line of JSON, writes a page beside it."""
    from transcription.evaluation import dialogues_in, evaluate_folder
    from transcription.evaluation_page import page as made

    settings = transcriber_settings().model_copy(update={"key": "evaluation"})
    try:
        dialogues_in(folder)
    except FileNotFoundError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    found = asyncio.run(evaluate_folder(settings, folder, live_seconds, lambda text: typer.echo(text, err=True)))
    page.write_text(made(found, folder, Path(settings.model).name, page.resolve().parent), "utf-8")
    typer.echo(json.dumps(found.figures, ensure_ascii=False))
