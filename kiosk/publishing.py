"""`jietan kiosk publish`: a kiosk without a browser sits down and speaks a file."""

import asyncio
import contextlib
from pathlib import Path

import typer
from aiortc import MediaStreamTrack

from kiosk.aioice_loopback import bind_media_to
from kiosk.office import Office, OfficeRefused, SeatRefused
from kiosk.publisher import Clip, ClipTrack, Speech, SpeechTrack, UnusableFile, read_clip, read_voice
from kiosk.seat import Seat
from kiosk.settings import KioskSettings
from server.protocol.signalling import Caption, Room


class NotEnrolled(Exception):
    """This kiosk has no key yet."""

    message = "这台终端还没有登记，请用 --code 给出一次性登记码。"


FAILS = (NotEnrolled, OfficeRefused, SeatRefused, ConnectionError, UnusableFile)
"""What `run` raises."""


def run(
    settings: KioskSettings, code: str, name: str, phone: str, voice: Path, picture: Path | None, end: bool
) -> None:
    """Speak the file as soon as a receiver is there.  Raises FAILS."""
    bind_media_to(settings.media_bind)
    speech = Speech(read_voice(voice))
    clip = read_clip(picture) if picture else None
    asyncio.run(_publish(settings, code, name, phone, speech, clip, end))


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
