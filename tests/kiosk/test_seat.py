"""A native seat: joining, coming back by itself, ending."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kiosk.aioice_loopback import bind_media_to
from kiosk.office import SeatRefused
from kiosk.publisher import ClipTrack, Speech, SpeechTrack, read_clip
from kiosk.seat import Event, Seat
from server.protocol.base import Source
from server.protocol.kiosks import JoinTicket
from server.protocol.signalling import Ended, HangUp, Mark, Offer, Room, Share
from tests.kiosk.answerer import Answerer, answerer, send, until
from tests.patience import PATIENCE_S

CLIP = Path(__file__).parents[2] / "deploy/demo/leader.webm"


@pytest.fixture
async def other() -> AsyncIterator[Answerer]:
    bind_media_to(["127.0.0.1"])
    async with answerer() as running:
        yield running


@contextlib.asynccontextmanager
async def sitting(other: Answerer) -> AsyncIterator[tuple[Seat, list[Event]]]:
    """A seat that runs, and what it told so far."""
    seat = Seat(other.ticket, lambda: (SpeechTrack(Speech()), ClipTrack(read_clip(CLIP))))
    told: list[Event] = []

    async def listen() -> None:
        async for event in seat.events():
            told.append(event)

    tasks = [asyncio.create_task(seat.run()), asyncio.create_task(listen())]
    try:
        yield seat, told
    finally:
        await seat.close()
        await asyncio.gather(*tasks)


async def test_it_joins_and_its_sound_and_picture_arrive(other: Answerer) -> None:
    async with sitting(other) as (seat, told):
        await until(lambda: seat.joins == 1, "the seat is taken")
        tracks = [receiver.track for receiver in other.peers[0].getReceivers()[:2]]
        async with asyncio.timeout(PATIENCE_S):
            assert [(await track.recv()).time_base is not None for track in tracks] == [True, True]
        assert [type(event.message).__name__ for event in told][:3] == ["Joined", "Room", "Answer"]
        assert isinstance(seat.room, Room)


async def test_the_offer_has_the_sections_of_the_contract(other: Answerer) -> None:
    async with sitting(other) as (seat, _):
        await until(lambda: seat.joins == 1, "the seat is taken")
    offer = next(m for m in other.messages if isinstance(m, Offer))
    sections = offer.sdp.split("m=")[1:]
    assert [s.split()[0] for s in sections] == ["audio", "video", "video", *["audio", "video"] * 5, "video"]
    directions = [next(d for d in ("sendonly", "recvonly", "inactive") if f"a={d}" in s) for s in sections]
    assert directions == ["sendonly"] * 3 + ["recvonly", "inactive"] * 5 + ["inactive"]


async def test_a_lost_socket_is_resumed_without_asking_the_office(other: Answerer) -> None:
    async with sitting(other) as (seat, _):
        await until(lambda: seat.joins == 1, "the seat is taken")
        await other.sockets[0].close()
        await until(lambda: seat.joins == 2, "the seat is taken again")
        assert other.tokens == ["ticket-1", "resume-1"]
        assert other.tickets == 1


async def test_what_it_shows_is_shown_again_after_a_break(other: Answerer) -> None:
    async with sitting(other) as (seat, _):
        await until(lambda: seat.joins == 1, "the seat is taken")
        assert await seat.share(Source.SCREEN, lambda: ClipTrack(read_clip(CLIP)))
        await other.sockets[0].close()
        await until(lambda: [m.source for m in _shares(other)] == ["screen", "screen"], "shown again")
        await seat.unshare()
        await until(lambda: _shares(other)[-1].source is None, "shown no more")


def _shares(other: Answerer) -> list[Share]:
    return [message for message in other.messages if isinstance(message, Share)]


async def test_a_refused_resume_token_leads_to_a_fresh_ticket(other: Answerer) -> None:
    other.refuse = {"resume-1"}
    async with sitting(other) as (seat, _):
        await until(lambda: seat.joins == 1, "the seat is taken")
        await other.sockets[0].close()
        await until(lambda: seat.joins == 2, "the seat is taken again")
        assert other.tokens == ["ticket-1", "resume-1", "ticket-2"]


async def test_media_that_dies_makes_a_new_connection(other: Answerer) -> None:
    async with sitting(other) as (seat, _):
        await until(lambda: seat.joins == 1, "the seat is taken")
        await until(lambda: other.peers[0].connectionState == "connected", "media flows")
        await other.peers[0].close()
        await until(lambda: seat.joins == 2, "the seat is taken again")


async def test_a_message_it_does_not_understand_changes_nothing(other: Answerer) -> None:
    async with sitting(other) as (seat, _):
        await until(lambda: seat.joins == 1, "the seat is taken")
        await other.sockets[0].send('{"type": "nonsense"}')
        await send(other.sockets[0], Room(state="waiting", recording=False, seats=()))
        await until(lambda: seat.room is not None and seat.room.state == "waiting", "the next message is read")
        assert seat.joins == 1


async def test_hanging_up_ends_it_for_good(other: Answerer) -> None:
    async with sitting(other) as (seat, told):
        await until(lambda: seat.joins == 1, "the seat is taken")
        await seat.mark("到这里")
        await seat.hang_up()
        await until(lambda: any(isinstance(e.message, Ended) for e in told), "the end is told")
        assert [type(m) for m in other.messages if isinstance(m, Mark | HangUp)] == [Mark, HangUp]
    assert seat.joins == 1


async def test_hanging_up_waits_for_the_line(other: Answerer) -> None:
    async with sitting(other) as (seat, _):
        await until(lambda: seat.joins == 1, "the seat is taken")
        await other.sockets[0].close()
        await asyncio.wait_for(seat.hang_up(), PATIENCE_S)
        await until(lambda: any(isinstance(m, HangUp) for m in other.messages), "the node heard it")


async def test_a_seat_the_office_refuses_is_not_tried_again() -> None:
    async def refuse() -> JoinTicket:
        raise SeatRefused("wrong_state")

    with pytest.raises(SeatRefused, match="wrong_state"):
        await Seat(refuse, lambda: (None, None)).run()


async def test_an_office_that_is_away_is_asked_again(other: Answerer) -> None:
    tries = 0

    async def late() -> JoinTicket:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ConnectionError
        return await other.ticket()

    seat = Seat(late, lambda: (SpeechTrack(Speech()), None))
    running = asyncio.create_task(seat.run())
    await until(lambda: seat.joins == 1, "the seat is taken in the end")
    await seat.close()
    await running
    assert tries == 3
