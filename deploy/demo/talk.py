"""The demo's reception: a native kiosk and a native leader speak a dialogue to each other in real time."""

import asyncio
import re
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from office_client import say, wait_for
from people import People

from kiosk.office import Office
from kiosk.publisher import ClipTrack, Speech, SpeechTrack, read_clip, read_voice
from kiosk.seat import Event, Seat
from server.protocol.receptions import Reception
from server.protocol.signalling import Caption, Recognition, Room
from server.protocol.sittings import Sitting
from transcription.evaluate import Sentence, load_reference

HERE = Path(__file__).parent
PHONE = "13800000000"
AFTER_LAST_WORD_S = 1.5
KILL_AT_S = 30.0
WHO = {"petitioner": "信访人", "leader": "领导"}


@dataclass
class Person:
    """One side of the talk and what its client was told."""

    role: str
    speech: Speech
    seat: Seat
    captions: dict[str, Event] = field(default_factory=dict)
    """Final captions by utterance id, as they first came."""


@dataclass(frozen=True)
class Talk:
    """What happened; times in seconds since 1970."""

    reception_id: str
    sitting: Sitting
    reference: list[Sentence]
    people: dict[str, Person]
    zero: float
    """When the dialogue's own time was 0."""
    started_at: float
    """When media time was 0."""
    hung_up_at: float
    record_id: str
    draft_s: float

    def role_of(self, participant_id: str) -> str:
        """petitioner or leader; empty for nobody of this talk."""
        return next((p.role for p in self.people.values() if p.seat.participant_id == participant_id), "")


def petitioner_name(reference: list[Sentence]) -> str:
    """The name that the petitioner says in this dialogue, so that the form and the talk agree."""
    said = "".join(s.text for s in reference if s.speaker == "petitioner")
    found = re.search(r"我(?:的名字)?叫([\u4e00-\u9fff]{2,4}?)[，。,.]", said)
    return found[1] if found else "来访人"


async def hold(people: People, dialogue: Path, kill: Callable[[], Coroutine[Any, Any, None]] | None = None) -> Talk:
    """Let both take their seats, speak, hang up, and wait for the draft.  `kill` is called in mid-talk."""
    reference = load_reference(dialogue / "reference.json")
    sitting = await people.kiosk.new_sitting(petitioner_name(reference), PHONE)
    sides = {
        "petitioner": _person("petitioner", people.kiosk, sitting.reception_id, dialogue),
        "leader": _person("leader", people.leader, sitting.reception_id, dialogue),
    }
    async with asyncio.TaskGroup() as tasks:
        for person in sides.values():
            tasks.create_task(person.seat.run())
            tasks.create_task(_listen(person, sides))
        if kill:
            tasks.create_task(kill())
        started_at, zero = await _speak(sides)
        hung_up_at = time.time()
        await sides["leader"].seat.hang_up()
        await _stop(sides)
    record_id = await _draft(people.leader, sitting.reception_id)
    draft_s = time.time() - hung_up_at
    return Talk(
        sitting.reception_id, sitting, reference, sides, zero, started_at, hung_up_at, record_id, draft_s
    )


def _person(role: str, office: Office, reception_id: str, dialogue: Path) -> Person:
    speech = Speech(read_voice(dialogue / f"{role}.opus"))
    clip = read_clip(HERE / f"{role}.webm")
    seat = Seat(lambda: office.ticket(reception_id), lambda: (SpeechTrack(speech), ClipTrack(clip)))
    return Person(role, speech, seat)


async def _speak(sides: dict[str, Person]) -> tuple[float, float]:
    """Speak as soon as the room runs; returns when media time and when the dialogue's time was 0."""
    room = await wait_for(lambda: _running(sides), "the room to run", 40, every=0.02)
    loop = asyncio.get_running_loop()
    begin = loop.time() + 0.3
    zeroes = [person.speech.begin(begin) for person in sides.values()]
    seconds = max(person.speech.seconds for person in sides.values())
    say(f"接谈开始，全长 {seconds:.0f} 秒。")
    await asyncio.sleep(begin + seconds + AFTER_LAST_WORD_S - loop.time())
    started_at = room.started_at.timestamp() if room.started_at else time.time()
    return started_at, time.time() + zeroes[0] - loop.time()


async def _running(sides: dict[str, Person]) -> Room | None:
    rooms = [person.seat.room for person in sides.values()]
    return rooms[0] if all(room and room.state == "running" for room in rooms) else None


async def _listen(person: Person, sides: dict[str, Person]) -> None:
    async for event in person.seat.events():
        if isinstance(event.message, Caption) and event.message.final:
            first = person.captions.setdefault(event.message.utterance.id, event)
            if person.role == "leader" and first is event:
                _print_caption(event.message, sides)
        elif isinstance(event.message, Recognition) and person.role == "leader" and event.message.message:
            say(f"  （{event.message.message}）")


def _print_caption(caption: Caption, sides: dict[str, Person]) -> None:
    said = caption.utterance
    role = next((p.role for p in sides.values() if p.seat.participant_id == said.participant_id), "")
    say(f"  {int(said.start) // 60:02d}:{int(said.start) % 60:02d} {WHO.get(role, '')}：{said.text}")


async def _stop(sides: dict[str, Person]) -> None:
    """Wait for the node's own end; a client that does not hear it in time goes by itself."""

    async def ended() -> bool:
        return all(person.seat.over for person in sides.values())

    try:
        await wait_for(ended, "the end of the reception", 20, every=0.02)
    except TimeoutError:
        say("没有收到结束的消息，改由接口结束。")
        for person in sides.values():
            await person.seat.close()


async def _draft(office: Office, reception_id: str) -> str:
    async def record() -> str | None:
        try:
            return (await office.get_as(Reception, "GET", f"/api/receptions/{reception_id}")).record_id
        except ConnectionError:
            return None

    return await wait_for(record, "the draft", 120) or ""
