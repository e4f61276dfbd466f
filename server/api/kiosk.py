"""What the kiosk in the interview room asks for."""

import asyncio
import contextlib
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from server.api.accounts import set_cookie
from server.api.bookings import Asked
from server.api.deps import Db, KioskActor, OfficeDep
from server.domain.ratings import Score
from server.protocol.bookings import BookingAsked, BookingAtKiosk, BookingMove, BookingTold, KioskDay
from server.protocol.copies import AgentDoor, Uploading
from server.protocol.fleet import KioskPlace
from server.protocol.kiosks import Enrol, Heard
from server.protocol.queueing import SaidClaims, SaidInterpreter
from server.protocol.sittings import BookingKey, NewSitting, RecordToRead, Sitting, SittingScore
from server.reception.kiosk import copies, hearing, kiosks, sittings
from server.reception.talk import bookings, calling, coming_back, reception_days

router = APIRouter(prefix="/kiosk")
HOLD_S = 2.0
"""So long the question of a called person's kiosk waits for the talk; a page that hears nothing for 5 s asks anew."""


@router.post("/enrol")
def enrol(asked: Enrol, response: Response, db: Db, office: OfficeDep) -> dict[str, str]:
    """Use a one-time link; the cookie is the kiosk's key from then on."""
    kiosk, token = kiosks.enrol(db, asked.code)
    set_cookie(response, office, token, kiosks.KEY_DAYS * 86_400)
    return {"name": kiosk.name}


@router.post("/sittings", status_code=201)
def begin(asked: NewSitting, db: Db, actor: KioskActor) -> Sitting:
    """A petitioner sat down and agreed to be recorded."""
    return sittings.view(db, sittings.begin(db, actor, asked))


@router.post("/booking")
def booking(key: BookingKey, actor: KioskActor, office: OfficeDep, any_day: bool = False) -> BookingAtKiosk:
    """The booking for today of whoever stands there, or how one for another day stands; 404, the same for every reason."""
    return bookings.look_at_kiosk(office, actor, key, any_day=any_day)


@router.get("/place")
def place(db: Db, actor: KioskActor) -> KioskPlace:
    """What slips say of the office; asked beforehand, since the line may be dead when a slip is made."""
    return kiosks.place(db, actor)


@router.get("/days")
def days(db: Db, actor: KioskActor, office: Asked = None) -> dict[str, tuple[KioskDay, ...]]:
    """Reception days with a free slot, of the kiosk's office and those above it or of one of these, for whoever comes another day."""
    return {"days": reception_days.kiosk_days(db, actor, office)}


@router.post("/bookings", status_code=201)
def book(asked: BookingAsked, actor: KioskActor, office: OfficeDep) -> BookingTold:
    """Book a slot at the kiosk; 409 where somebody else was quicker."""
    return bookings.ask_at_kiosk(office, actor, asked)


@router.post("/bookings/move")
def move(asked: BookingMove, actor: KioskActor, office: OfficeDep) -> BookingTold:
    """Whoever stands there takes another slot of the same office, and gives theirs back; 409 as at home."""
    return bookings.move_at_kiosk(office, actor, asked)


@router.post("/record")
def record(key: BookingKey, actor: KioskActor, office: OfficeDep) -> RecordToRead:
    """Somebody comes back to read and sign; 404, the same for a wrong code and wrong digits."""
    return coming_back.come_back(office, actor, key)


@router.get("/sitting")
async def current(actor: KioskActor, office: OfficeDep, beginning: bool = False) -> Sitting:
    """The sitting at this kiosk.  `beginning`: of somebody who was called, when their talk begins, or a little later."""

    def read() -> Sitting:
        with office.store.read() as db:
            return sittings.view(db, sittings.current(db, actor))

    with office.beginnings.listening() as begins:
        found = await run_in_threadpool(read)
        if not (beginning and found.standing and found.standing.called):
            return found
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(begins.wait(), HOLD_S)
    return await run_in_threadpool(read)


@router.put("/sitting/interpreter")
def ask_for_interpreter(said: SaidInterpreter, db: Db, actor: KioskActor) -> Sitting:
    """The person asks for an interpreter for the talk."""
    reception = sittings.current(db, actor)
    calling.ask_for_interpreter(db, actor, reception, said.interpreter)
    return sittings.view(db, reception)


@router.put("/sitting/claims")
def claim(said: SaidClaims, db: Db, actor: KioskActor) -> Sitting:
    """The person says which of the queue's rules are for them."""
    reception = sittings.current(db, actor)
    calling.claim(db, actor, reception, said.claims)
    return sittings.view(db, reception)


@router.post("/sitting/rating")
def rate(said: SittingScore, db: Db, actor: KioskActor) -> Sitting:
    """The person with the slip says how satisfied they are with the talk."""
    return sittings.view(db, sittings.rate(db, actor, Score(said.score), said.words.strip()))


@router.get("/sitting/record.pdf")
def record_on_paper(actor: KioskActor, office: OfficeDep) -> FileResponse:
    """The record that was just signed, for the kiosk's printer."""
    return FileResponse(sittings.record_on_paper(office, actor), media_type="application/pdf")


@router.post("/sitting/leave", status_code=204)
def leave(db: Db, actor: KioskActor) -> None:
    """The petitioner goes."""
    sittings.leave(db, actor)


@router.get("/copies")
def uploading(db: Db, actor: KioskActor, office: OfficeDep) -> Uploading:
    """What of earlier talks is still on its way to the office."""
    return copies.uploading(db, office.settings, actor.kiosk_id or 0)


@router.get("/devices")
def devices(db: Db, actor: KioskActor, office: OfficeDep) -> AgentDoor:
    """Where the page finds the program of this computer's devices."""
    return copies.door(db, office.settings, actor.kiosk_id or 0)


@router.post("/help", status_code=204)
def call_help(db: Db, actor: KioskActor) -> None:
    """A member of staff is wanted."""
    kiosks.call_help(db, actor)


@router.post("/hear")
async def hear(
    request: Request, actor: KioskActor, office: OfficeDep, want: Literal["name", "phone", "matter"] = "matter"
) -> Heard:
    """Understand a short spoken answer; nothing of it is kept."""
    sound = await request.body()
    return await run_in_threadpool(hearing.hear, office.settings, f"kiosk {actor.kiosk_id}", sound, want)
