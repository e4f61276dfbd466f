"""Trying a word of the glossary on clips of the office before recognition expects it, and again later.

Clips are sentences of signed records as the clerk left them, heard from the recording with the word and without it; they
are only pointed at, never copied.  Those that proposed the word are none.  A word that makes anything worse is not used, and
one for which there are no clips yet waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session

from server import clock
from server.domain.passes import spoken
from server.domain.states import RecognitionState, WordState
from server.errors import InvalidInput, Unavailable
from server.reception.office import Office
from server.reception.record import transcriber
from server.reception.record.closing import Outcome, language_of
from server.store import files
from server.store import glossary as store
from server.store.glossary import Clip
from server.store.models import GlossaryWord, Reception
from transcription.drafting.edits import edits
from transcription.drafting.written import written_text

log = structlog.get_logger()

MOST_S = 120.0
"""Sound of all clips of one trial; half of it may hold the word."""
AROUND_S = 0.3
WAIT_S = 600.0
AGAIN_AFTER = timedelta(days=30)


@dataclass(frozen=True)
class Trial:
    """What hearing the clips with a word and without it came to: wrong characters of so many, in so many clips."""

    clips: int = 0
    characters: int = 0
    without: int = 0
    with_it: int = 0
    put_in: int = 0
    """Clips that got the word where nobody said it."""

    @property
    def harmless(self) -> bool:
        return self.with_it <= self.without and not self.put_in

    @property
    def words(self) -> str:
        """The figures, for the clerk."""
        if not self.clips:
            return "还没有能拿来试听的录音：要签过字的，又不是改出这个词的那几句。有了会自己试，试过才用。"
        rates = [f"{100 * wrong / max(self.characters, 1):.1f}%" for wrong in (self.without, self.with_it)]
        told = f"试听 {self.clips} 句：不用它错字 {rates[0]}，用上它错字 {rates[1]}"
        return told + (f"，有 {self.put_in} 句没说却写上了。" if self.put_in else "。")


def due(office: Office, reception_id: str) -> list[int]:
    """Words of the reception's office that waited for clips, and the one in use that was not tried for longest, if that is
    long ago: with every reception that ends one of them gets its turn."""
    with office.store.read() as session:
        organization_id = session.get_one(Reception, reception_id).organization_id
        again = store.to_try_again(session, organization_id, clock.now() - AGAIN_AFTER)
        return [*store.waiting(session, organization_id), *([] if again is None else [again])]


def attempt(office: Office, word_id: int) -> Outcome:
    """Try a word and decide; says whether to try again later because nobody listens now."""
    with office.store.read() as session:
        word = session.get(GlossaryWord, word_id)
        if word is None or word.state not in (WordState.TRYING, WordState.ON):
            return Outcome(RecognitionState.DONE)
        clips = _chosen(session, word)
        text = word.word
    try:
        trial = _tried(office, text, clips)
    except Unavailable as error:
        return Outcome(RecognitionState.WAITING, error.message, retry=True)
    with office.store.write() as session:
        decide(session.get_one(GlossaryWord, word_id), trial)
    log.info("word tried", word=word_id, clips=trial.clips, without=trial.without, with_it=trial.with_it)
    return Outcome(RecognitionState.DONE)


def decide(word: GlossaryWord, trial: Trial) -> None:
    """What becomes of the word: untried it waits on; one that a clerk has switched off meanwhile stays off; of one in use for
    which no clips are left, what was found before stands."""
    if trial.clips:
        _judge(word, trial)
    elif word.state == WordState.TRYING:
        word.note = trial.words
    elif word.state == WordState.ON:
        word.at = clock.now()


def _judge(word: GlossaryWord, trial: Trial) -> None:
    if word.state == WordState.TRYING:
        word.state = WordState.ON if trial.harmless else WordState.OFF
    elif word.state == WordState.ON and not trial.harmless:
        word.state = WordState.ROLLED_BACK
    word.note, word.at = trial.words, clock.now()


def _chosen(session: Session, word: GlossaryWord) -> list[Clip]:
    """At most so much sound: sentences with the word first, then any others."""
    return [
        *_filling(store.clips(session, word.organization_id, word.word, with_it=True), MOST_S / 2),
        *_filling(store.clips(session, word.organization_id, word.word, with_it=False), MOST_S / 2),
    ]


def _filling(clips: Sequence[Clip], seconds: float) -> list[Clip]:
    found, left = list[Clip](), seconds
    for clip in clips:
        if clip.end - clip.start <= left:
            found.append(clip)
            left -= clip.end - clip.start
    return found


def _tried(office: Office, word: str, clips: Sequence[Clip]) -> Trial:
    """Raises Unavailable."""
    counted = characters = without = with_it = put_in = 0
    for clip in clips:
        readings = _readings(office, word, clip)
        if readings is None:
            continue
        said = spoken(clip.text)
        counted, characters = counted + 1, characters + len(said)
        without, with_it = without + edits(readings[0], said), with_it + edits(readings[1], said)
        put_in += readings[1].count(word) > max(said.count(word), readings[0].count(word))
    return Trial(counted, characters, without, with_it, put_in)


def _readings(office: Office, word: str, clip: Clip) -> tuple[str, str] | None:
    """What is heard without the word and with it; None: the clip cannot be heard any more."""
    try:
        piece = files.cut_sound(office.settings.recordings_dir, clip.segment, clip.start - AROUND_S, clip.end + AROUND_S)
        if piece is None:
            return None
        language = language_of(office, clip.segment.participant_id)
        heard = [_heard(office, piece.data, language, words) for words in ((), (word,))]
    except (files.RecordingMissing, files.RecordingDamaged, InvalidInput):
        return None
    return heard[0], heard[1]


def _heard(office: Office, sound: bytes, language: str, words: Sequence[str]) -> str:
    found = transcriber.transcribe(
        office.settings, sound, timeout=WAIT_S, language=language, hotwords=words, careful=True, led=True
    )
    return spoken(written_text("".join(one.text for one in found.utterances)))
