"""The signalling endpoint: one reader per socket, one small handler per message type."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from prometheus_client import Counter
from pydantic import ValidationError
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from server import clock
from server.errors import JietanError, NotAllowed
from server.media.hub import Hub
from server.media.lecture import Lecture
from server.media.participant import MAX_CANDIDATES, Outbox, Participant, add_candidate
from server.media.room import ReceptionEnded, Room
from server.media.tokens import SeatTokens, TokenExpired
from server.media.turn import ice_servers
from server.protocol.signalling import (
    MAX_MESSAGE_BYTES,
    Answer,
    AskTime,
    Candidate,
    ClientMessage,
    CloseCode,
    Ended,
    Floor,
    Hand,
    HangUp,
    Hold,
    Join,
    Joined,
    Leave,
    LowerHand,
    Mark,
    Mute,
    Offer,
    SeatClaims,
    Share,
    Stats,
    Time,
    Trouble,
    client_message,
)

log = structlog.get_logger(__name__)
JOIN_WITHIN = 10.0
RATE = 200
RATE_SECONDS = 10.0
_joins = Counter("jietan_media_joins_total", "Joins by outcome", ["outcome"])


class Refused(JietanError):
    """Something that ends the socket; `close_code` says how."""

    def __init__(self, code: str, message: str, close_code: int = CloseCode.PROTOCOL) -> None:
        super().__init__(message, code=code)
        self.close_code = close_code


def _parse(text: str | bytes) -> ClientMessage:
    if len(text) > MAX_MESSAGE_BYTES or (isinstance(text, str) and len(text.encode()) > MAX_MESSAGE_BYTES):
        raise Refused("message_too_large", "发来的消息太大，连接已断开，请刷新页面再试。", CloseCode.TOO_LARGE)
    try:
        return client_message.validate_json(text)
    except ValidationError as error:
        raise Refused("message_malformed", "发来的消息不对，连接已断开，请刷新页面再试。") from error


class Session:
    """One socket, from its join to its end."""

    def __init__(self, hub: Hub, tokens: SeatTokens, socket: ServerConnection, joined: Callable[[], None]) -> None:
        """`joined` is called once somebody sits."""
        self._hub, self._tokens, self._socket = hub, tokens, socket
        self._on_joined = joined
        self._outbox = Outbox(socket)
        self._room: Room | None = None
        self._seat: Participant | None = None
        self._answered = False
        self._early: list[Candidate] = []
        self._candidates = 0
        self._window = (0.0, 0)

    async def run(self) -> None:
        """Serve the socket until it closes."""
        try:
            await self._join()
            async for text in self._socket:
                self._limit()
                await self._handle(_parse(text))
        except Refused as error:
            await self._refuse(error)
        except ConnectionClosed:
            pass
        except Exception:
            log.exception("signalling session failed")
            await self._refuse(Refused("internal", "系统出了点问题，请刷新页面再试。", 1011))
        finally:
            await self._gone()

    async def _refuse(self, error: Refused) -> None:
        """Say why, close, and read on until it is closed: else the other side's close would never be seen."""
        self._outbox.send(Trouble(code=error.code, message=error.message, fatal=True))
        self._outbox.close(error.close_code, error.code)
        with contextlib.suppress(ConnectionClosed):
            async for _ in self._socket:
                pass

    async def _gone(self) -> None:
        if self._room is not None and self._seat is not None:
            self._room.socket_gone(self._seat, self._outbox)
        if self._socket.close_code is not None:
            self._outbox.stop()
        await self._outbox.done()

    def _limit(self) -> None:
        now = time.monotonic()
        since, count = self._window
        self._window = (now, 1) if now - since > RATE_SECONDS else (since, count + 1)
        if self._window[1] > RATE:
            raise Refused("too_often", "发来的消息太多，连接已断开，请过一会儿再试。")

    # -- joining -----------------------------------------------------------------------------------------------

    async def _join(self) -> None:
        try:
            message = _parse(await asyncio.wait_for(self._socket.recv(), JOIN_WITHIN))
        except TimeoutError as error:
            raise Refused("join_missing", "等了很久没有收到进入请求，请刷新页面再试。") from error
        if not isinstance(message, Join):
            raise Refused("join_missing", "还没有进入接谈，连接已断开，请刷新页面再试。")
        try:
            await self._sit_down(message)
        except ReceptionEnded:
            self._outbox.send(Ended(reason="office"))
            raise Refused(ReceptionEnded.code, ReceptionEnded.message, CloseCode.ENDED) from None
        except JietanError as error:
            _joins.labels(error.code).inc()
            code = CloseCode.TOKEN if error.status == 401 else CloseCode.PROTOCOL
            raise Refused(error.code, error.message, code) from error

    async def _sit_down(self, message: Join) -> None:
        claims = self._tokens.redeem(message.token)
        room = await self._room_for(claims)
        self._seat = room.take_seat(claims, self._outbox, self._tokens.seconds_left(claims), message.line)
        self._room = room
        self._on_joined()
        _joins.labels("joined").inc()
        self._outbox.send(
            Joined(
                reception_id=claims.reception_id,
                participant_id=claims.participant_id,
                resume=self._tokens.for_return(claims),
                ice_servers=ice_servers(self._hub.settings, claims.participant_id, clock.now()),
                line_stands=self._seat.holds(message.line),
                now=room.moment(),
            )
        )
        room.welcome(self._seat)

    async def _room_for(self, claims: SeatClaims) -> Room:
        if not self._tokens.from_before(claims):
            return await self._hub.room(claims.reception_id)
        if self._hub.known(claims.reception_id):
            room = await self._hub.room(claims.reception_id)
            if room.awaits(claims):
                return room
        raise TokenExpired

    # -- messages ----------------------------------------------------------------------------------------------

    async def _handle(self, message: ClientMessage) -> None:
        try:
            await _HANDLERS[type(message)](self, message)
        except Refused:
            raise
        except JietanError as error:
            self._outbox.send(Trouble(code=error.code, message=error.message))

    @property
    def _here(self) -> tuple[Room, Participant]:
        if self._room is None or self._seat is None or self._seat.outbox is not self._outbox:
            raise ReceptionEnded
        return self._room, self._seat

    async def _again(self, message: Join) -> None:
        raise Refused("joined_already", "已经进入过了，连接已断开，请刷新页面再试。")

    async def _offer(self, message: Offer) -> None:
        if self._answered:
            raise Refused("offer_again", "重复接通音视频，连接已断开，请刷新页面再试。")
        room, seat = self._here
        sdp = await room.connect(seat, message.sdp)
        self._answered = True
        self._outbox.send(Answer(sdp=sdp, line=seat.link.id if seat.link else ""))
        early, self._early = self._early, []
        for candidate in early:
            await self._candidate_to_link(candidate)

    async def _candidate(self, message: Candidate) -> None:
        self._candidates += 1
        if self._candidates > MAX_CANDIDATES:
            return
        if self._answered:
            await self._candidate_to_link(message)
        else:
            self._early.append(message)

    async def _candidate_to_link(self, message: Candidate) -> None:
        seat = self._here[1]
        if seat.link is not None:
            await add_candidate(seat.link.connection, message)

    async def _mute(self, message: Mute) -> None:
        room, seat = self._here
        if message.reason == "line":
            room.sound_only(seat, alone=message.muted)
        elif message.reason == "device":
            room.device_lost(seat, message.kind, lost=message.muted)
        else:
            room.mute(seat, message.kind, muted=message.muted)

    async def _mark(self, message: Mark) -> None:
        room, seat = self._here
        room.mark(seat, message.note)

    async def _share(self, message: Share) -> None:
        room, seat = self._here
        room.share(seat, message.source)

    async def _hold(self, message: Hold) -> None:
        room, seat = self._here
        room.hold(seat, message.participant_id, held=message.held)

    async def _stats(self, message: Stats) -> None:
        room, seat = self._here
        room.client_says(seat, message)

    async def _time(self, message: AskTime) -> None:
        self._outbox.send(Time(sent=message.sent, now=self._here[0].moment()))

    @property
    def _in_lecture(self) -> tuple[Lecture, Participant]:
        room, seat = self._here
        if not isinstance(room, Lecture):
            raise NotAllowed
        return room, seat

    async def _hand(self, message: Hand) -> None:
        lecture, seat = self._in_lecture
        lecture.hand(seat, raised=message.raised)

    async def _floor(self, message: Floor) -> None:
        lecture, seat = self._in_lecture
        lecture.give_floor(seat, message.participant_id)

    async def _lower_hand(self, message: LowerHand) -> None:
        lecture, seat = self._in_lecture
        lecture.lower(seat, message.participant_id)

    async def _leave(self, message: Leave) -> None:
        room, seat = self._here
        await room.leave(seat, "left")

    async def _hang_up(self, message: HangUp) -> None:
        room, seat = self._here
        await room.hang_up(seat)


_HANDLERS: dict[type, Callable[[Session, Any], Awaitable[None]]] = {
    Join: Session._again,
    Offer: Session._offer,
    Candidate: Session._candidate,
    Mute: Session._mute,
    Mark: Session._mark,
    Share: Session._share,
    Hold: Session._hold,
    Stats: Session._stats,
    AskTime: Session._time,
    Hand: Session._hand,
    Floor: Session._floor,
    LowerHand: Session._lower_hand,
    Leave: Session._leave,
    HangUp: Session._hang_up,
}
