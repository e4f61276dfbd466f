"""Live recognition of a room: a tap per participant, what it heard, and how it is doing."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine

import structlog

from server.media.inputs import TapInput
from server.media.participant import MediaLink
from server.media.recording import Recording
from server.media.tap import Events as TapEvents
from server.media.tap import State, Tap
from server.media.tools import Tools
from server.protocol.base import Message, Source
from server.protocol.media_control import GapFound, Recognised, RecognitionUntil
from server.protocol.recording import Gap
from server.protocol.signalling import Caption
from server.protocol.signalling import Recognition as RecognitionView
from server.protocol.transcript import LivePartial, Utterance

log = structlog.get_logger(__name__)
GIVEN_UP = "given_up"
NOTHING_UNDERSTOOD = "nothing_understood"
ECHO = "echo"
"""Doubt of what another microphone had a moment before (transcription/echoes.py); no screen shows it."""
_WORST = ("on", "behind", "waiting")


class Recognition:
    """The taps of one reception; what they hear goes to the journal and to everybody's screen."""

    def __init__(
        self, reception_id: str, tools: Tools, recording: Recording, tell_all: Callable[[Message], None]
    ) -> None:
        """`tell_all` reaches everybody who may hear what is said now."""
        self.shown: RecognitionView | None = None
        """What everybody was told last."""
        self._reception_id, self._tools, self._recording = reception_id, tools, recording
        self._tell_all = tell_all
        self._words: tuple[str, ...] = ()
        self._latest: deque[Utterance] = deque(maxlen=24)
        self._taps: dict[str, Tap] = {}
        self._states: dict[str, State] = {}

    def hear(self, participant_id: str, language: str, link: MediaLink) -> None:
        """Let recognition take this connection's sound; `language`: what the seat was given, if it is new here."""
        if link.audio is not None:
            tap = self._tap(participant_id, language)
            link.feed(link.audio, TapInput(tap, link.audio.timeline, self._recording.media_time))

    def speaks(self, participant_id: str, language: str) -> None:
        """What this participant speaks from now on."""
        if participant_id in self._taps:
            self._taps[participant_id].speaks(language)

    def expect(self, words: tuple[str, ...]) -> None:
        """Names and places that may be said."""
        self._words = words
        for tap in self._taps.values():
            tap.expect(words)

    def forget(self, participant_id: str) -> None:
        """Somebody left: how their recognition is doing is no news any more."""
        self._states.pop(participant_id, None)

    def _tap(self, participant_id: str, language: str) -> Tap:
        """The participant's tap.  After a break that cannot be bridged (this process took the room over in the
        middle) its captions are shown but not stored: from the break on the recording is recognised instead."""
        if participant_id not in self._taps:
            history = self._recording.history
            heard_before = (participant_id, Source.MICROPHONE) in history.tracks()
            known = heard_before or participant_id in history.decided
            self._taps[participant_id] = self._new_tap(participant_id, language, stored=not known)
        return self._taps[participant_id]

    def _new_tap(self, participant_id: str, language: str, *, stored: bool) -> Tap:
        append = self._recording.append

        def heard(utterance: Utterance) -> None:
            if stored:
                append(Recognised(utterance=utterance))
            self._latest.append(utterance)
            self._tell_all(Caption(final=True, utterance=utterance))

        def broken_off(until: float, reason: str) -> None:
            if stored:
                append(RecognitionUntil(participant_id=participant_id, until=until, reason=reason))

        def partial(message: LivePartial) -> None:
            self._tell_all(Caption(final=False, utterance=_partial(participant_id, message)))

        def state(new: State) -> None:
            self._states[participant_id] = new
            self._show()

        def given_up(start: float, until: float) -> None:
            if stored:
                self._leave_out(participant_id, start, until)

        def unheard(start: float, end: float) -> None:
            if stored:
                gap = Gap(participant_id=participant_id, start=start, end=end, cause=NOTHING_UNDERSTOOD)
                append(GapFound(gap=gap))

        events = TapEvents(heard, partial, state, broken_off, given_up, unheard, self._take_back)
        tap = Tap(self._tools.transcribers, self._reception_id, participant_id, events, language)
        tap.stored = stored
        tap.expect(self._words)
        return tap

    def _take_back(self, echoes: tuple[str, ...]) -> None:
        """Take captions off the screens that are somebody else's words come back; the record keeps them as they were
        heard, and its draft writes them once."""
        for utterance in self._latest:
            if utterance.id in echoes:
                self._tell_all(Caption(final=True, utterance=utterance.model_copy(update={"doubt": (*utterance.doubt, ECHO)})))

    def _leave_out(self, participant_id: str, start: float, until: float) -> None:
        """The transcriber gave this stretch up: closing tries it once more from the recording, or notes the gap."""
        stops = RecognitionUntil(participant_id=participant_id, until=start, reason=GIVEN_UP)
        self._recording.append(stops)
        self._recording.append(RecognitionUntil(participant_id=participant_id, until=until))

    def _show(self) -> None:
        worst = max(self._states.values(), key=lambda s: (_WORST.index(s.state), s.behind_s), default=State())
        message = RecognitionView(
            state=worst.state, reason=worst.reason, message=worst.message, behind_s=worst.behind_s
        )
        if message != self.shown:
            self.shown = message
            self._tell_all(message)

    async def finish(self) -> None:
        """Have what was said decided, if that does not take long."""
        await all_of(*(self._finish_tap(p, t) for p, t in self._taps.items()))

    async def _finish_tap(self, participant_id: str, tap: Tap) -> None:
        until, reason = tap.until, "failed"
        try:
            until = await tap.finish(self._tools.finish_seconds)
            reason = tap.reason
        except Exception:
            log.exception("recognition not finished", reception=self._reception_id)
        if tap.stored:
            self._recording.append(RecognitionUntil(participant_id=participant_id, until=until, reason=reason))

    async def cancel(self) -> None:
        """Stop at once."""
        await all_of(*(tap.cancel() for tap in self._taps.values()))


async def all_of(*work: Coroutine[None, None, None]) -> None:
    """Do all of it, whatever fails."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException):
            log.error("part of an ending failed", error=type(outcome).__name__)


def _partial(participant_id: str, message: LivePartial) -> Utterance:
    return Utterance(
        id=f"partial-{participant_id}"[:64],
        participant_id=participant_id,
        start=message.start,
        end=message.start,
        text=message.text,
    )
