"""Commands of a kiosk computer; `publish` is a kiosk without a browser."""

import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from kiosk import agent as copies
from kiosk import startup as starts
from kiosk.browser import Browser, NoBrowser, PathTooLong
from kiosk.computer import Computer
from kiosk.devices.simulated import CARD, SimulatedKeys, serve_display, serve_printer, serve_simulated
from kiosk.office import OfficeRefused
from kiosk.outbox import OutboxInUse
from kiosk.settings import KioskSettings

app = typer.Typer(help="The kiosk's own program.", no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def agent(
    server: Annotated[str, typer.Option(help="Address of the office's server; else JIETAN_KIOSK_SERVER.")] = "",
    code: Annotated[str, typer.Option(help="One-time code; needed the first time only.")] = "",
) -> None:
    """Keep the kiosk page's own copy of every talk until the office has it."""
    settings = KioskSettings().model_copy(update={"server": server} if server else {})
    try:
        if code:
            typer.echo(f"{asyncio.run(copies.enrol(settings, code))}：备份程序登记好了。", err=True)
        asyncio.run(copies.Agent(settings).run())
    except (copies.AgentNotEnrolled, OutboxInUse, OfficeRefused, ConnectionError, OSError) as error:
        typer.echo(getattr(error, "message", str(error)), err=True)
        raise typer.Exit(1) from error


@app.command("simulate-reader")
def simulate_reader(port: Annotated[int, typer.Option(help="Port on 127.0.0.1; the kiosk's card_reader_port.")] = 8621) -> None:
    """Be an identity card reader with a made-up card, for trying the kiosk out."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve_simulated(port, CARD))


@app.command("simulate-display")
def simulate_display(port: Annotated[int, typer.Option(help="Port on 127.0.0.1; the kiosk's number_display_port.")] = 8622) -> None:
    """Be a display for queue numbers, for trying the kiosk out."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve_display(port, lambda shown: typer.echo(json.dumps(shown, ensure_ascii=False))))


@app.command("simulate-printer")
def simulate_printer(port: Annotated[int, typer.Option(help="Port on 127.0.0.1 of the kiosk's slip_printer or paper_printer.")] = 8631) -> None:
    """Be a printer that CUPS knows, for trying the kiosk out; nothing of what is printed is kept."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve_printer(port, lambda document: typer.echo(f"打印了 {len(document)} 字节")))


@app.command("simulate-button")
def simulate_button(path: Annotated[Path, typer.Argument(help="The kiosk's alarm_device; made where it is not there.")]) -> None:
    """Be an emergency button: each line of input presses it."""
    button = SimulatedKeys(path)
    with contextlib.suppress(KeyboardInterrupt), button.plugged_in():
        for _ in sys.stdin:
            button.move(down=True)
            button.move(down=False)


@app.command("simulate-handset")
def simulate_handset(path: Annotated[Path, typer.Argument(help="The kiosk's handset_device; made where it is not there.")]) -> None:
    """Be a hand-set's hook: each line of input lifts it or puts it back."""
    hook = SimulatedKeys(path)
    with contextlib.suppress(KeyboardInterrupt), hook.plugged_in():
        for number, _ in enumerate(sys.stdin):
            hook.move(down=number % 2 == 0)


@app.command()
def enrol(
    code: Annotated[str, typer.Option(help="One-time code from the page 管理.")],
    server: Annotated[str, typer.Option(help="Address of the office's server; else JIETAN_KIOSK_SERVER.")] = "",
) -> None:
    """Be this kiosk from now on."""
    settings = KioskSettings().model_copy(update={"server": server} if server else {})
    try:
        typer.echo(f"{asyncio.run(copies.enrol(settings, code))}：这台机器登记好了。", err=True)
    except (OfficeRefused, ConnectionError, OSError) as error:
        typer.echo(getattr(error, "message", str(error)), err=True)
        raise typer.Exit(1) from error


@app.command()
def run(
    server: Annotated[str, typer.Option(help="Address of the office's server; else JIETAN_KIOSK_SERVER.")] = "",
    code: Annotated[str, typer.Option(help="One-time code; needed the first time only.")] = "",
    screen: Annotated[bool, typer.Option(help="Keep the browser open, too; else `jietan kiosk screen` does.")] = False,
) -> None:
    """Be this kiosk: serve its screens on this computer, keep copies, have the devices."""
    settings = KioskSettings().model_copy(update={"server": server} if server else {})
    try:
        if code:
            typer.echo(f"{asyncio.run(copies.enrol(settings, code))}：这台机器登记好了。", err=True)
        browser = (Browser(settings),) if screen else ()
        asyncio.run(_until_ended(Computer(settings), *browser))
    except (copies.AgentNotEnrolled, NoBrowser, PathTooLong, OutboxInUse, OfficeRefused, ConnectionError, OSError) as error:
        typer.echo(getattr(error, "message", str(error)), err=True)
        raise typer.Exit(1) from error


async def _until_ended(*programs: Computer | Browser) -> None:
    """All of them until SIGTERM; a browser and what it knew are gone then."""
    working = asyncio.gather(*(program.run() for program in programs))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await working


@app.command()
def screen() -> None:
    """Keep the browser open on this computer's screens, with nothing in it of the person before."""
    try:
        asyncio.run(_until_ended(Browser(KioskSettings())))
    except (NoBrowser, PathTooLong, OSError) as error:
        typer.echo(getattr(error, "message", str(error)), err=True)
        raise typer.Exit(1) from error


@app.command()
def startup() -> None:
    """Say how long the last start took, from the program's first moment to the first screen."""
    found = starts.last(KioskSettings().startup_file)
    if found is None:
        typer.echo("还没有量到：自从这个程序装好，屏幕上还没有出现过第一页。", err=True)
        raise typer.Exit(1)
    typer.echo(
        f"{found.at.astimezone():%Y-%m-%d %H:%M} 启动：程序开始到第一页 {found.program_s:.1f} 秒（其中打开页面 {found.page_s:.1f} 秒）；"
        f"从开机算 {found.computer_s:.0f} 秒。"
    )
    typer.echo(found.model_dump_json())


@app.command()
def publish(
    voice: Annotated[Path, typer.Argument(help="Opus file to speak (.opus or .webm, 20 ms frames).")],
    picture: Annotated[Path | None, typer.Option(help="VP8 file (.webm) to show over and over.")] = None,
    server: Annotated[str, typer.Option(help="Address of the office's server; else JIETAN_KIOSK_SERVER.")] = "",
    code: Annotated[str, typer.Option(help="One-time enrolment code; needed the first time only.")] = "",
    name: Annotated[str, typer.Option(help="Name the petitioner gives.")] = "来访人",
    phone: Annotated[str, typer.Option(help="Telephone number the petitioner gives.")] = "",
    end: Annotated[bool, typer.Option(help="Hang up after the last word.")] = True,
) -> None:
    """Sit down at this kiosk and speak a file as soon as a receiver is there."""
    from kiosk import publishing

    settings = KioskSettings().model_copy(update={"server": server} if server else {})
    try:
        publishing.run(settings, code, name, phone, voice, picture, end)
    except publishing.FAILS as error:
        typer.echo(getattr(error, "message", str(error)), err=True)
        raise typer.Exit(1) from error
