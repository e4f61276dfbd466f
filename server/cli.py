"""The `jietan` command.  Programs are imported when they are started: each loads only what it needs."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from server import log
from server.settings import Settings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Video reception with a faithful record for letters-and-visits offices."
)


def _start(program: str) -> Settings:
    """Settings and log of a program; whatever files it makes are for its own user only."""
    os.umask(0o077)
    settings = Settings()
    log.configure(program, level=settings.log_level)
    return settings


@contextmanager
def _loading() -> Iterator[None]:
    """While a program is imported nothing is thrown away: looking through it all for rubbish was a fifth of the web program's
    start, and is left out for good for what stays as long as the program."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@app.command()
def serve() -> None:
    """Run web, media and transcriber on this machine and keep them running."""
    from server import supervisor

    settings = _start("serve")
    try:
        supervisor.run(settings)
    except supervisor.CannotServe as error:
        typer.echo(f"jietan serve: {error.message}", err=True)
        raise typer.Exit(1) from error


@app.command()
def web() -> None:
    """Run the web program: pages, API and durable jobs."""
    with _loading():
        from server import main

    main.run(_start("web"))


@app.command()
def media() -> None:
    """Run the media node: rooms, forwarding, recording."""
    with _loading():
        from server.media import node

    node.run(_start("media"))


def _mount(name: str, module: str, help_text: str) -> None:
    """Hand the rest of the command line to another command group, imported only then."""

    @app.command(
        name,
        help=help_text,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def group(context: typer.Context) -> None:
        import importlib

        _start(name)
        with _loading():
            program = importlib.import_module(module)
        program.app(args=context.args, prog_name=f"jietan {name}")


_mount("kiosk", "kiosk.cli", "The kiosk computer's programs.")
_mount("transcriber", "transcription.cli", "Run the recognition service; `evaluate FOLDER` measures it.")
_mount("models", "transcription.models.cli", "Speech models: list, import, download, verify, use.")
_mount("admin", "server.admin", "Organizations, accounts, kiosks and links, from a shell.")

if __name__ == "__main__":
    sys.exit(app())
