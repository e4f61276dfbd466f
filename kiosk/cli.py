"""Commands of a kiosk computer: `jietan kiosk agent`, and `publish` for one without a browser."""

import asyncio
import contextlib
from pathlib import Path
from typing import Annotated

import typer
from aiortc import MediaStreamTrack

from kiosk import agent as copies
from kiosk.aioice_loopback import bind_media_to
from kiosk.computer import Computer
from kiosk.devices.simulated import CARD, serve_simulated
from kiosk.office import Office, OfficeRefused
from kiosk.outbox import OutboxInUse
from kiosk.publisher import Clip, ClipTrack, Speech, SpeechTrack, UnusableFile, read_clip, read_voice
from kiosk.seat import Seat, SeatRefused
from kiosk.settings import KioskSettings
from server.protocol.signalling import Caption, Room

app = typer.Typer(help="The kiosk's own program.", no_args_is_help=True, pretty_exceptions_enable=False)


class NotEnrolled(Exception):
    """This kiosk has no key yet."""

    message = "这台终端还没有登记，请用 --code 给出一次性登记码。"


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


@app.command()
def run(
    server: Annotated[str, typer.Option(help="Address of the office's server; else JIETAN_KIOSK_SERVER.")] = "",
    code: Annotated[str, typer.Option(help="One-time code; needed the first time only.")] = "",
) -> None:
    """Be this kiosk: serve its screens on this computer, keep copies, have the devices."""
    settings = KioskSettings().model_copy(update={"server": server} if server else {})
    try:
        if code:
            typer.echo(f"{asyncio.run(copies.enrol(settings, code))}：这台机器登记好了。", err=True)
        asyncio.run(Computer(settings).run())
    except (copies.AgentNotEnrolled, OutboxInUse, OfficeRefused, ConnectionError, OSError) as error:
        typer.echo(getattr(error, "message", str(error)), err=True)
        raise typer.Exit(1) from error


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
    settings = KioskSettings().model_copy(update={"server": server} if server else {})
    bind_media_to(settings.media_bind)
    try:
        speech = Speech(read_voice(voice))
        clip = read_clip(picture) if picture else None
        asyncio.run(_publish(settings, code, name, phone, speech, clip, end))
    except (NotEnrolled, OfficeRefused, SeatRefused, ConnectionError, UnusableFile) as error:
        typer.echo(getattr(error, "message", str(error)), err=True)
        raise typer.Exit(1) from error


async def _publish(
    settings: KioskSettings, code: str, name: str, phone: str, speech: Speech, clip: Clip | None, end: bool
) -> None:
    async with Office(settings.server) as office:
        await _be_kiosk(office, settings, code)
        sitting = await office.new_sitting(name, phone)
        typer.echo(f"reception {sitting.reception_id}, number {sitting.number}: waiting for a receiver", err=True)
        seat = Seat(lambda: office.ticket(sitting.reception_id), lambda: tracks(speech, clip))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(seat.run())
            tasks.create_task(_speak_when_running(seat, speech, end))


async def _be_kiosk(office: Office, settings: KioskSettings, code: str) -> None:
    if code:
        await office.enrol(code)
        office.keep_cookie(settings.key_file)
    elif not office.use_cookie(settings.key_file):
        raise NotEnrolled


def tracks(speech: Speech, clip: Clip | None) -> tuple[MediaStreamTrack, MediaStreamTrack | None]:
    """Tracks for a new connection of this person."""
    return SpeechTrack(speech), ClipTrack(clip) if clip else None


async def _speak_when_running(seat: Seat, speech: Speech, end: bool) -> None:
    ending: asyncio.Task[None] | None = None
    async for event in seat.events():
        if isinstance(event.message, Room) and event.message.state == "running" and ending is None:
            speech.begin()
            ending = asyncio.create_task(_hang_up_after(seat, speech.seconds + 1) if end else asyncio.sleep(0))
        elif isinstance(event.message, Caption) and event.message.final:
            typer.echo(event.message.utterance.text)
    if ending is not None:
        ending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ending


async def _hang_up_after(seat: Seat, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await seat.hang_up()
