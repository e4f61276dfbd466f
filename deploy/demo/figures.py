"""The demo's figures: how right, how fast, and whether everything is there."""

from dataclasses import replace
from typing import Any

from paperwork import Recording
from talk import Talk

from server.domain import linewords
from server.protocol.records import Record, RecordLine
from server.protocol.signalling import Caption
from server.protocol.transcript import Utterance, Word
from transcription.evaluate import Character, Score, Sentence, percentile, score


def in_media_time(reference: list[Sentence], shift: float) -> list[Sentence]:
    """The reference with its times as they are in the recording (`shift`: dialogue zero in media time)."""
    return [
        replace(
            sentence,
            start=sentence.start + shift,
            end=sentence.end + shift,
            characters=tuple(Character(c.text, c.at + shift) for c in sentence.characters),
        )
        for sentence in reference
    ]


def score_record(talk: Talk, record: Record) -> Score:
    """The record's lines as they were recognised, against what was spoken."""
    heard = [(talk.role_of(line.participant_id or ""), _utterance(line)) for line in record.body]
    return score(heard, in_media_time(talk.reference, talk.zero - talk.started_at))


def _utterance(line: RecordLine) -> Utterance:
    """The line as it was heard: where a number is in written form, its words are the spoken ones again."""
    timed = [linewords.TimedWord(w.start, w.end, w.text, w.probability) for w in line.words]
    spoken = linewords.retime(timed, line.recognised, line.start, line.end)
    words = tuple(Word(start=w.start, end=w.end, text=w.text, probability=w.probability) for w in spoken)
    return Utterance(
        id=line.id,
        participant_id=line.participant_id or "nobody",
        start=line.start,
        end=line.end,
        text=line.recognised,
        words=words,
    )


def caption_latencies(talk: Talk) -> list[float]:
    """Seconds from the end of speech (by the reference) to the caption event at the other client."""
    reference = in_media_time(talk.reference, talk.zero - talk.started_at)
    found = []
    for person in talk.people.values():
        for event in person.captions.values():
            caption = event.message
            if isinstance(caption, Caption) and caption.utterance.participant_id != person.seat.participant_id:
                ended = _speech_end(caption.utterance, talk.role_of(caption.utterance.participant_id), reference)
                found += [event.at - talk.started_at - ended] if ended is not None else []
    return found


def _speech_end(said: Utterance, speaker: str, reference: list[Sentence]) -> float | None:
    """When the speaker had finished what this utterance holds: the end of its last spoken character."""
    ends = [
        min(sentence.end, end)
        for sentence in reference
        if sentence.speaker == speaker
        for start, end in _spans(sentence)
        if said.start - 0.5 <= start < said.end
    ]
    return max(ends, default=None)


def _spans(sentence: Sentence) -> list[tuple[float, float]]:
    """Start and end of every spoken character; one lasts at most 0.5 s, what follows is a pause."""
    starts = [c.at for c in sentence.characters]
    return [(start, min(end, start + 0.5)) for start, end in zip(starts, [*starts[1:], sentence.end], strict=True)]


def summary(
    talk: Talk, record: Record, recordings: list[Recording], video_codecs: int | None, case_no: str = ""
) -> dict[str, Any]:
    """The keys that the demo promises; `missing` is what the filed record says is missing, video_transcoded null when the
    node could not be asked."""
    scored = score_record(talk, record)
    latencies = caption_latencies(talk)
    return {
        "reception_id": talk.reception_id,
        "case_no": case_no,
        "utterances": len({said for person in talk.people.values() for said in person.captions}),
        "cer": round(scored.cer, 4),
        "speaker_errors": scored.speaker_errors,
        "start_error_p95_s": round(scored.start_error_p95_s, 3),
        "caption_latency_p50_s": round(percentile(latencies, 50), 3),
        "caption_latency_p95_s": round(percentile(latencies, 95), 3),
        "draft_s": round(talk.draft_s, 2),
        "talk_s": round(talk.hung_up_at - talk.started_at, 3),
        "missing": [gap.text for gap in record.gaps],
        "recordings": [vars(recording) for recording in recordings],
        "video_transcoded": None if video_codecs is None else video_codecs > 0,
    }
