"""`jietan models`: which speech models are here, bring in another, check them, choose the one in use."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from transcription.cli import transcriber_settings
from transcription.engine import published, try_model
from transcription.models import archives
from transcription.models.hub import Hub
from transcription.models.shelf import Manifest, ModelError, Shelf
from transcription.settings import TranscriberSettings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Speech models: list, import, download, verify, use."
)

Name = Annotated[str, typer.Option("--name", help="What the model is called here; left out: after where it comes from.")]


class _Refused(typer.Exit):
    """Ends the command with status 1 after saying why."""

    def __init__(self, why: object) -> None:
        typer.echo(f"jietan models: {why}", err=True)
        super().__init__(1)


def _open() -> tuple[TranscriberSettings, Shelf]:
    settings = transcriber_settings()
    return settings, Shelf(Path(settings.models_dir))


@app.command("list")
def list_models() -> None:
    """Show the models on this machine; the one in use has a star."""
    settings, shelf = _open()
    choice = None if settings.model else shelf.choice()
    for name in shelf.names():
        try:
            manifest = shelf.manifest(name)
        except ModelError as error:
            typer.echo(f"  {name}: {error}")
            continue
        star = "*" if choice and choice.folder.name == name else " "
        typer.echo(f"{star} {name}  {_megabytes(manifest.size)}  {manifest.brought_at:%Y-%m-%d}  {manifest.source}")
    if settings.model:
        typer.echo(f"* {settings.model}  (the setting transcriber_model)")


@app.command("import")
def import_model(
    file: Annotated[Path, typer.Argument(help="A .tar, .tar.gz or .zip archive, or a folder.")], name: Name = ""
) -> None:
    """Bring a model in from an archive or a folder, for machines without internet."""
    settings, shelf = _open()
    name = name or re.sub(r"\.(tar|tgz|zip|tar\.\w+)$", "", file.resolve().name)
    try:
        with shelf.workplace(name) as folder:
            archives.empty(folder)
            try:
                archives.unpack(file, folder)
                manifest = _checked_in(shelf, folder, name, str(file), settings)
            except BaseException:
                archives.empty(folder)
                raise
    except (ModelError, OSError) as error:
        raise _Refused(error) from None
    _tell_brought(manifest)


@app.command("download")
def download(
    model: Annotated[str, typer.Argument(help="A name that faster-whisper knows (large-v3, …), or OWNER/REPOSITORY.")],
    name: Name = "",
) -> None:
    """Fetch a published model; a download that broke off goes on where it was."""
    settings, shelf = _open()
    repository = published(model) or model
    name = name or model.rpartition("/")[2]
    try:
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
            raise ModelError(f"faster-whisper knows no model {model}; OWNER/REPOSITORY names any other")
        with shelf.workplace(name) as folder:
            listing = Hub([settings.hub_url, settings.mirror_url], _Progress()).download(repository, folder)
            manifest = _checked_in(shelf, folder, name, f"{repository}@{listing.commit[:12]}", settings)
    except (ModelError, OSError) as error:
        raise _Refused(error) from None
    _tell_brought(manifest)


@app.command("verify")
def verify(name: Annotated[str, typer.Argument(help="Left out: every model.")] = "") -> None:
    """Check every file against its manifest, and load the model once."""
    settings, shelf = _open()
    bad = 0
    for each in [name] if name else shelf.names():
        try:
            damage = shelf.damage(each)
            if not damage:
                try_model(shelf.folder(each), settings)
        except ModelError as error:
            damage = [str(error)]
        bad += bool(damage)
        typer.echo(f"{each}: {'; '.join(damage) or 'whole, and can be loaded'}")
    if bad:
        raise typer.Exit(1)


@app.command("use")
def use(name: str) -> None:
    """Choose the model that recognises; a running transcriber takes it up by itself."""
    settings, shelf = _open()
    if settings.model:
        raise _Refused(f"the setting transcriber_model ({settings.model}) goes first; take it out to choose here")
    try:
        shelf.use(name)
    except (ModelError, OSError) as error:
        raise _Refused(error) from None
    typer.echo(f"{name} is chosen. A running transcriber loads it now and changes over when nothing is being decoded;")
    typer.echo("until then, and if it cannot be loaded, the one before stays in use (GET /healthz names it).")


def _checked_in(shelf: Shelf, folder: Path, name: str, source: str, settings: TranscriberSettings) -> Manifest:
    """Put a model on the shelf that can be loaded; raises ModelError."""
    try_model(folder, settings)
    return shelf.place(folder, name, source)


def _tell_brought(manifest: Manifest) -> None:
    typer.echo(f"{manifest.name}: {len(manifest.files)} files, {_megabytes(manifest.size)}, checked and loaded once.")
    typer.echo(f"To recognise with it: jietan models use {manifest.name}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


class _Progress:
    """How far a download is, on stderr: one line that changes on a terminal, a line every tenth elsewhere."""

    def __init__(self) -> None:
        self._told = ("", -1)

    def __call__(self, name: str, have: int, whole: int) -> None:
        percent = 100 * have // max(whole, 1)
        terminal = sys.stderr.isatty()
        mark = (name, percent if terminal else percent // 10)
        if mark == self._told:
            return
        self._told = mark
        line = f"{name}: {percent} % of {_megabytes(whole)}"
        typer.echo(f"\r{line}" if terminal else line, err=True, nl=not terminal or have == whole)
