"""`jietan transcriber evaluate FOLDER`: how faithful recognition is, by speaker and condition, with a page to listen to.

FOLDER holds dialogues, each a folder with reference.json and a sound file per speaker; one without sentences is noise,
and whatever is written there was invented.  `condition` of a reference.json says under what figures stand together; of a
dialogue without, the folder does that it lies in with others of its kind.  Every dialogue goes through a real transcriber, live, as the media node
would send it; a part of the first once more in real time, for the latency of captions.  Noise is heard by the second pass,
too, and by the model alone: what it writes with nothing to guard it stands beside.
"""

import asyncio
import json
import resource
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from server.protocol.base import Role
from server.protocol.drafting import DraftInput, Speaker
from server.protocol.transcript import Utterance
from transcription.doubts import doubtful
from transcription.drafting import build_draft
from transcription.evaluate import Character, Sentence, align, load_reference, percentile, spoken_characters
from transcription.inventions import Inventions, inventions
from transcription.labels import FieldScore, load_labels, score_fields
from transcription.measuring import Dialogue, caption_latencies, load_dialogue, running, transcribe_dialogue
from transcription.settings import TranscriberSettings
from transcription.voice import RATE

NEAR_S = 0.5
"""What is written further than this from every sentence was said by nobody."""
HIT = 0.2
"""An utterance of which less than this was said is invented as a whole."""


Teller = Callable[[str], None]


def _silent(text: str) -> None:
    """Tell nobody."""


@dataclass
class Figures:
    """Counts of one speaker in one dialogue, or of several together; times in seconds."""

    spoken: int = 0
    edits: int = 0
    missed: int = 0
    inserted: int = 0
    silent_s: float = 0.0
    invented: int = 0
    utterances: int = 0
    starts: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    wrong: int = 0
    wrong_marked: int = 0
    heard: int = 0
    marked: int = 0
    marks: int = 0
    """Places that are marked: characters side by side are one."""
    marks_hit: int = 0

    def add(self, other: "Figures") -> None:
        """Count the other's too."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def shown(self) -> dict[str, float | int]:
        """As it is printed: rates as fractions."""
        return {
            "cer": round(self.edits / max(self.spoken, 1), 4),
            "missed_characters": self.missed,
            "inserted_per_minute": round(self.inserted / max(self.silent_s / 60, 1e-9), 3) if self.silent_s else 0.0,
            "invented_sentences": self.invented,
            "start_error_p95_s": round(percentile([abs(e) for e in self.starts], 95), 3),
            "end_error_p95_s": round(percentile([abs(e) for e in self.ends], 95), 3),
            "doubt_recall": round(self.wrong_marked / self.wrong, 4) if self.wrong else 1.0,
            "doubt_share": round(self.marked / max(self.heard, 1), 4),
            "doubts_hit": self.marks_hit,
            "doubts_missed": self.marks - self.marks_hit,
        }


@dataclass(frozen=True)
class Written:
    """One utterance for the page: its text in runs (text, marked, wrong), and whether nobody said it."""

    start: float
    end: float
    runs: tuple[tuple[str, bool, bool], ...]
    doubt: tuple[str, ...]
    invented: bool


@dataclass(frozen=True)
class Track:
    """One speaker of a dialogue; `sentences` is what was said, `written` what was recognised."""

    dialogue: str
    condition: str
    speaker: str
    sound: Path
    figures: Figures
    written: tuple[Written, ...]
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Evaluation:
    """All tracks, and the figures of the whole."""

    tracks: tuple[Track, ...]
    figures: dict[str, object]


def dialogues_in(folder: Path) -> list[Path]:
    """Every dialogue folder in or below `folder`, in order of name; raises FileNotFoundError if there is none."""
    found = sorted(path.parent for path in folder.rglob("reference.json"))
    if not found:
        raise FileNotFoundError(f"no reference.json in {folder}")
    return found


async def evaluate_folder(
    settings: TranscriberSettings, folder: Path, live_s: float = 20.0, tell: Teller = _silent
) -> Evaluation:
    """Recognise every dialogue below `folder` and compare; `tell` is given progress for a person."""
    tracks, sound_s, took_s, latencies = list[Track](), 0.0, 0.0, list[float]()
    fields, noises = FieldScore(), dict[str, Inventions]()
    async with running(settings) as (address, service):
        await asyncio.to_thread(service.engine.load)
        for path in dialogues_in(folder):
            tell(path.name)
            dialogue = await asyncio.to_thread(load_dialogue, path)
            begun = time.monotonic()
            transcript = await transcribe_dialogue(address, settings.key, dialogue)
            took_s += time.monotonic() - begun
            sound_s += dialogue.seconds
            tracks += _tracks(dialogue, transcript)
            fields += _fields(path, transcript)
            if not tracks[-1].sentences:
                noises[path.name] = await inventions(service, dialogue)
            if live_s and not latencies and tracks[-1].sentences:
                tell(f"{path.name}, {live_s:.0f} s in real time")
                latencies = await caption_latencies(address, settings.key, dialogue, live_s)
    figures = _summary(tracks, latencies, took_s / max(sound_s, 1e-9))
    figures |= {"field_precision": round(fields.precision, 4), "field_recall": round(fields.recall, 4)}
    return Evaluation(tuple(tracks), figures | _invented(noises))


def _invented(noises: Mapping[str, Inventions]) -> dict[str, object]:
    total = sum(noises.values(), Inventions())
    return {
        "second_invented_sentences": total.second,
        "noise_windows": total.windows,
        "unguarded_invented_sentences": total.unguarded,
        "second_unguarded_invented_sentences": total.second_unguarded,
        "noises": {name: vars(one) for name, one in noises.items()},
    }


def _summary(tracks: Sequence[Track], latencies: Sequence[float], rtf: float) -> dict[str, object]:
    figures: dict[str, object] = {"bench": "evaluate", **_together(tracks).shown()}
    figures |= {
        "caption_p50_s": round(percentile(latencies, 50), 3),
        "caption_p95_s": round(percentile(latencies, 95), 3),
        "rtf": round(rtf, 4),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "by_speaker": _grouped(tracks, lambda t: t.speaker),
        "by_condition": _grouped(tracks, lambda t: t.condition),
    }
    return figures


def _grouped(tracks: Sequence[Track], key: Callable[[Track], str]) -> dict[str, object]:
    names = sorted({key(track) for track in tracks})
    return {name: _together(t for t in tracks if key(t) == name).shown() for name in names}


def _together(tracks: Iterable[Track]) -> Figures:
    total = Figures()
    for track in tracks:
        total.add(track.figures)
    return total


def _fields(folder: Path, transcript: Sequence[tuple[str, Utterance]]) -> FieldScore:
    """How much of what its labels want a draft of this dialogue holds; nothing where there are no labels."""
    labels = folder / "labels.json"
    if not labels.exists():
        return FieldScore()
    speakers = tuple(Speaker(id=role, role=Role(role), name="") for role in ("petitioner", "leader"))
    utterances = tuple(sorted((u for _, u in transcript), key=lambda u: (u.start, u.id)))
    draft = build_draft(DraftInput(speakers=speakers, utterances=utterances))
    return score_fields(draft, load_labels(labels), load_reference(folder / "reference.json"))


# --- one track --------------------------------------------------------------------------------------------------


def _tracks(dialogue: Dialogue, transcript: Sequence[tuple[str, Utterance]]) -> list[Track]:
    reference = json.loads((dialogue.folder / "reference.json").read_text("utf-8"))
    sentences = load_reference(dialogue.folder / "reference.json")
    found = []
    for speaker, file in reference["tracks"].items():
        own = sorted((u for name, u in transcript if name == speaker), key=lambda u: u.start)
        said = [s for s in sentences if s.speaker == speaker]
        figures, written = compare(own, said, len(dialogue.tracks[speaker]) / RATE)
        condition = str(reference.get("condition") or (dialogue.folder.parent.name if said else dialogue.folder.name))
        found.append(
            Track(dialogue.folder.name, condition, speaker, dialogue.folder / file, figures, written, tuple(said))
        )
    return found


def compare(own: Sequence[Utterance], said: Sequence[Sentence], seconds: float) -> tuple[Figures, tuple[Written, ...]]:
    """What was recognised of one speaker beside what he said in `seconds` of sound."""
    spoken = [c for sentence in said for c in sentence.characters]
    rows = [spoken_characters(utterance) for utterance in own]
    heard = [c for row in rows for c in row]
    marks = [mark for utterance, row in zip(own, rows, strict=True) for mark in _marks(utterance, len(row))]
    edits, pairs = align(heard, spoken)
    right = [p is not None and spoken[p].text == h.text for h, p in zip(heard, pairs, strict=True)]
    inserted = [not _near(h.at, said) for h in heard]
    figures = Figures(spoken=len(spoken), edits=edits, heard=len(heard), marked=sum(marks), utterances=len(own))
    figures.inserted, figures.silent_s = sum(inserted), seconds - _speaking_s(said)
    _count_wrong(figures, pairs, right, marks, len(spoken))
    written, at = [], 0
    for utterance, row in zip(own, rows, strict=True):
        part = slice(at, at + len(row))
        at += len(row)
        invented = bool(row) and sum(right[part]) < HIT * len(row)
        figures.invented += invented
        _note_times(figures, utterance, [p for p in pairs[part] if p is not None], spoken, said)
        runs = _runs(utterance, marks[part], right[part])
        written.append(Written(utterance.start, utterance.end, runs, utterance.doubt, invented))
    return figures, tuple(written)


def _marks(utterance: Utterance, count: int) -> list[bool]:
    """Without word times nothing is known, so that all is doubtful where anything is."""
    return doubtful(utterance) if utterance.words else [bool(utterance.doubt)] * count


def _count_wrong(
    figures: Figures, pairs: Sequence[int | None], right: Sequence[bool], marks: Sequence[bool], spoken: int
) -> None:
    """A wrong character is marked in its place, a missing one in what was written beside it; a marked place that is beside no
    error is one to listen to for nothing."""
    figures.wrong += right.count(False)
    figures.wrong_marked += sum(mark for mark, good in zip(marks, right, strict=True) if not good)
    written = {p: i for i, p in enumerate(pairs) if p is not None}
    before, errors = -1, {i for i, good in enumerate(right) if not good}
    for place in range(spoken):
        if place in written:
            before = written[place]
            continue
        figures.missed += 1
        figures.wrong += 1
        figures.wrong_marked += any(marks[max(before, 0) : before + 2])
        errors |= {max(before, 0), before + 1}
    places = [[i for i, _ in run] for mark, run in groupby(enumerate(marks), lambda one: one[1]) if mark]
    figures.marks += len(places)
    figures.marks_hit += sum(not errors.isdisjoint(place) for place in places)


def _note_times(
    figures: Figures, utterance: Utterance, found: Sequence[int], spoken: Sequence[Character], said: Sequence[Sentence]
) -> None:
    if not found:
        return
    figures.starts.append(utterance.start - spoken[found[0]].at)
    last = spoken[found[-1]]
    ends = [s.end for s in said if s.start <= last.at <= s.end and s.characters[-1] == last]
    figures.ends += [utterance.end - end for end in ends]


def _near(at: float, said: Sequence[Sentence]) -> bool:
    return any(s.start - NEAR_S <= at <= s.end + NEAR_S for s in said)


def _speaking_s(said: Sequence[Sentence]) -> float:
    return sum(s.end - s.start + 2 * NEAR_S for s in said)


def _runs(utterance: Utterance, marks: Sequence[bool], right: Sequence[bool]) -> tuple[tuple[str, bool, bool], ...]:
    """The text cut where mark or error changes; punctuation goes with what is before it."""
    runs: list[tuple[str, bool, bool]] = []
    judged = iter(zip(marks, right, strict=True))
    for character in utterance.text:
        if not character.isalnum() and runs:
            runs[-1] = (runs[-1][0] + character, *runs[-1][1:])
            continue
        mark, good = next(judged, (False, True)) if character.isalnum() else (False, True)
        if runs and runs[-1][1:] == (mark, not good):
            runs[-1] = (runs[-1][0] + character, mark, not good)
        else:
            runs.append((character, mark, not good))
    return tuple(runs)
