"""A scripted expert at the desk: brings a shipped dialogue's draft to error-free text and a complete form by keyboard alone.

The draft is what the small model heard of the dialogue's recording.  The expert knows what was said (reference.json) and
works as a clerk does: through the list of what most needs ears, place by place, then to the lines that are still wrong,
then through the fields of the form that are empty or wrong.  Complete is a form with what the dialogue's labels name and,
in every other field (summary, requests, facts, what was tried before, materials …), what drafting would have put there
had every character been heard.

Keystrokes: a key is one, a key with Ctrl or Shift is two; a Chinese character costs the letters of its syllable without
tone, and every two characters of a stretch one key to take them from the input method; digits and marks cost one.  What
typing the whole record and form would take is counted by the same rule.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from sqlalchemy.orm import Session

from deploy.bench.long_record import segment, sitting
from deploy.bench.recordings import ROOT, write_voice
from server.domain.states import FormField
from server.protocol.transcript import Utterance, Word
from server.reception.record.drafts import draft_of
from server.reception.record.records import create_draft
from server.store import records
from server.store.engine import Store
from server.store.models import StoredUtterance
from transcription.measuring import load_dialogue, running, transcribe_dialogue
from transcription.settings import TranscriberSettings

MATTER = ""
MOST_PLACES = 400
MOST_TABS = 150
ALIKE = 0.6
"""From here on a field's text is corrected, not typed anew."""
RETYPED = 2
"""Most characters of a chosen place that are typed anew where one of them is wrong."""


def hear(dialogue: str) -> list[tuple[str, Utterance]]:
    """What the small model hears: who, and the utterance."""

    async def heard() -> list[tuple[str, Utterance]]:
        settings = TranscriberSettings(model=str(ROOT / "deploy/demo/model"), key="bench")
        sound = load_dialogue(ROOT / "deploy/demo" / dialogue)
        async with running(settings) as (address, service):
            await asyncio.to_thread(service.engine.load)
            return await transcribe_dialogue(address, settings.key, sound)

    with ThreadPoolExecutor(1) as apart:  # Playwright's loop runs in this thread
        return apart.submit(asyncio.run, heard()).result()


# --- counting ----------------------------------------------------------------------------------------------------


@cache
def _letters() -> dict[str, int]:
    """Letters of each character's shortest syllable (transcription/syllables.txt)."""
    found: dict[str, int] = {}
    for line in files("transcription").joinpath("syllables.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            syllable, characters = line.split()
            for character in characters:
                found[character] = min(found.get(character, len(syllable)), len(syllable))
    return found


def typed(text: str) -> int:
    """Keystrokes that typing this text takes."""
    total = run = 0
    for character in text:
        letters = _letters().get(character)
        total += letters or 1
        total += run % 2 if letters is None else 0
        run = run + 1 if letters else 0
        total += 1 if letters and run % 2 == 0 else 0
    return total + run % 2


class Hands:
    """A keyboard that counts."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keystrokes = 0

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)
        self.keystrokes += times * len(key.split("+"))

    def write(self, text: str) -> None:
        """As an input method commits it."""
        if text:
            self.page.keyboard.insert_text(text)
            self.keystrokes += typed(text)


# --- the record --------------------------------------------------------------------------------------------------


@dataclass
class Task:
    """A draft in the office, and what it should say."""

    record_id: str
    said: dict[str, str]
    """By line."""
    form: dict[str, str]
    drafted: dict[str, str] = field(default_factory=dict)


def prepare(store: Store, recordings: Path, dialogue: str, heard: Sequence[tuple[str, Utterance]]) -> Task:
    """The draft of what was heard, and the draft that there would be if every character had been heard."""
    folder = ROOT / "deploy/demo" / dialogue
    reference = json.loads((folder / "reference.json").read_text("utf-8"))
    labels = json.loads((folder / "labels.json").read_text("utf-8"))
    wanted = {name: label["value"] for name, label in labels["fields"].items() if "value" in label}
    seconds = reference["duration"]
    with store.write() as session:
        reception, seats = sitting(session, wanted["name"], MATTER, seconds)
        for role, seat in seats.items():
            write = partial(write_voice, seat=role, seconds=seconds, dialogue=dialogue)
            session.add(segment(recordings, reception.id, seat, write, seconds))
        session.add_all(_stored(reception.id, seats[who], one) for who, one in heard)
        session.flush()
        record = create_draft(session, reception)
        session.flush()
        said_in = share_out(heard, reference["utterances"])
        perfect = draft_of(session, reception, [_as_said(seats[who], one, said_in[one.id]) for who, one in heard])
        said = {line.utterance_ids: line.text for line in perfect.lines}
        wanted = {one.field: one.value for one in perfect.fields if one.value} | wanted
        lines = records.lines(session, record.id)
        return Task(record.id, {line.id: said[tuple(line.utterance_ids)] for line in lines}, wanted, {line.id: line.text for line in lines})


def _stored(reception_id: str, seat: str, one: Utterance) -> StoredUtterance:
    words = [[word.start, word.end, word.text, word.probability] for word in one.words]
    measures = {"doubt": list(one.doubt), "avg_logprob": one.avg_logprob, "no_speech_prob": one.no_speech_prob, "compression_ratio": one.compression_ratio}
    return StoredUtterance(
        id=one.id, reception_id=reception_id, participant_id=seat, start=one.start, end=one.end, text=one.text, words=words, measures=measures
    )


def share_out(heard: Sequence[tuple[str, Utterance]], reference: Iterable[dict[str, Any]]) -> dict[str, str]:
    """By utterance what was really said in it.  Raises SystemExit for a sentence that is in none, which correcting what was
    heard would leave out, and for an utterance in which nothing was said, which would stay as it was heard."""
    said: dict[str, str] = {}
    for speaker, start, end, text in _sentences(reference):
        inside = next((one.id for who, one in heard if who == speaker and one.start < (start + end) / 2 < one.end), None)
        if inside is None:
            raise SystemExit(f"in no utterance: {start:.1f} s {text}")
        said[inside] = said.get(inside, "") + text
    if invented := [one.text for _, one in heard if one.id not in said]:
        raise SystemExit(f"heard where nothing was said: {invented}")
    return said


def _sentences(reference: Iterable[dict[str, Any]]) -> Iterator[tuple[str, float, float, str]]:
    """Speaker, start, end and text; a sentence's time is its share of the characters."""
    for one in reference:
        per, at = (one["end"] - one["start"]) / len(one["text"]), one["start"]
        for text in re.findall(r"[^。？！]+[。？！]*", one["text"]):
            yield one["speaker"], at, at + per * len(text), text
            at += per * len(text)


def _as_said(seat: str, one: Utterance, text: str) -> Utterance:
    """The utterance as it would be if every character had been heard."""
    per = (one.end - one.start) / len(text)
    words = tuple(Word(start=one.start + i * per, end=one.start + (i + 1) * per, text=c, probability=1.0) for i, c in enumerate(text))
    return one.model_copy(update={"participant_id": seat, "text": text, "words": words, "doubt": ()})


# --- working -----------------------------------------------------------------------------------------------------


def work(page: Page, address: str, task: Task) -> dict[str, int]:
    """Correct everything; raises SystemExit where that does not come out right."""
    page.goto(f"{address}/desk/{task.record_id}")
    page.wait_for_selector("#places .place")
    hands = Hands(page)
    hands.press("F9")
    for _ in range(MOST_PLACES):
        if not page.inner_text("#places-left"):
            break
        _put_right(page, hands, task)
        hands.press("Control+Enter")
    _remaining_lines(page, hands, task)
    _fields(page, hands, task)
    _until_saved(page)
    typing = sum(map(typed, task.said.values())) + sum(typed(value) for value in task.form.values())
    return {"keystrokes": hands.keystrokes, "typed_keystrokes": typing}


def _current(page: Page) -> str:
    return str(page.evaluate("document.querySelector('.u.cur')?.dataset.id || ''"))


def _put_right(page: Page, hands: Hands, task: Task) -> None:
    """The current line."""
    _mend(hands, *page.evaluate(_CHOSEN), task.said[_current(page)], ("Home", "End"))


def _mend(hands: Hands, shown: str, first: int, last: int, wanted: str, ends: tuple[str, str]) -> None:
    """Make one text another: first what is chosen or nearest to the caret; `ends` are the keys to its start and end."""
    while wrong := [code for code in SequenceMatcher(None, shown, wanted, autojunk=False).get_opcodes() if code[0] != "equal"]:
        _, i, j, begin, end = min(wrong, key=lambda code: max(code[1] - last, first - code[2], 0))
        if first < last and first <= i and j <= last and last - first <= RETYPED:
            begin, end, i, j = begin - (i - first), end + (last - j), first, last
            if any(other[1] < last and other[2] > first and not (first <= other[1] and other[2] <= last) for other in wrong):
                raise SystemExit("two faults overlap what is chosen")
        else:
            _move(hands, shown, first, last, j, ends)
            hands.press("Backspace", j - i)
        hands.write(wanted[begin:end])
        if not wanted[begin:end] and first == i and last == j:
            hands.press("Backspace")
        shown = shown[:i] + wanted[begin:end] + shown[j:]
        first = last = i + end - begin


def _move(hands: Hands, shown: str, first: int, last: int, to: int, ends: tuple[str, str]) -> None:
    """The caret to a place, the shortest way; with the arrows a choice first falls back to its end on that side."""
    home, end = ends
    ways = [
        (home, "ArrowRight", len(home.split("+")) + to), (end, "ArrowLeft", len(end.split("+")) + len(shown) - to),
        ("", "ArrowLeft", first - to + (first < last)) if to <= first else ("", "ArrowRight", to - last + (first < last)),
    ]  # fmt: skip
    if to > first and to < last:
        ways.pop()
    start, arrow, cost = min(ways, key=lambda way: way[2])
    if start:
        hands.press(start)
        cost -= len(start.split("+"))
    hands.press(arrow, cost)


def _remaining_lines(page: Page, hands: Hands, task: Task) -> None:
    order = list(task.said)
    for at, line_id in enumerate(order):
        if task.drafted[line_id] == task.said[line_id] or page.evaluate(_TEXT, line_id) == task.said[line_id]:
            continue
        steps = at - order.index(_current(page))
        hands.press("Control+ArrowDown" if steps > 0 else "Control+ArrowUp", abs(steps))
        _put_right(page, hands, task)


_CHOSEN = """() => {
  const say = document.querySelector(".u.cur .say");
  const chosen = getSelection();
  const range = chosen.rangeCount ? chosen.getRangeAt(0) : null;
  if (!range || !say.contains(range.startContainer)) return [say.textContent, say.textContent.length, say.textContent.length];
  const before = document.createRange();
  before.setStart(say, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const first = before.toString().length;
  return [say.textContent, first, first + range.toString().length];
}"""
_TEXT = "(id) => document.querySelector(`.u[data-id='${id}'] .say`)?.textContent ?? ''"


def _fields(page: Page, hands: Hands, task: Task) -> None:
    """Through the fields that are empty or look wrong, with the key for the next of them; then to those that look right.
    Those that quote the record have followed it once it is saved."""
    _until_saved(page)
    wrong = {name for name, value in task.form.items() if _field(page, name) != value}
    come_to: set[str] = set()
    while wrong and (name := _pressed(page, hands, "Control+F9")) not in come_to:
        come_to.add(name)
        _fill_if(page, hands, task, wrong, name)
    for _ in range(MOST_TABS):
        if not wrong:
            return
        _fill_if(page, hands, task, wrong, _pressed(page, hands, "Tab"))
    raise SystemExit(f"never came to {wrong}")


def _pressed(page: Page, hands: Hands, key: str) -> str:
    """The field in which the caret is after a key; "" where it is in none."""
    hands.press(key)
    return str(page.evaluate("document.activeElement.matches('.input') ? document.activeElement.closest('[data-field]')?.dataset.field ?? '' : ''"))


def _fill_if(page: Page, hands: Hands, task: Task, wrong: set[str], name: str) -> None:
    if name in wrong:
        wrong.discard(name)
        _fill(page, hands, name, task.form[name])


def _fill(page: Page, hands: Hands, name: str, value: str) -> None:
    if page.evaluate("document.activeElement.tagName") != "SELECT":
        shown, first, last = page.evaluate("[document.activeElement.value, document.activeElement.selectionStart, document.activeElement.selectionEnd]")
        if SequenceMatcher(None, shown, value, autojunk=False).ratio() > ALIKE:
            _mend(hands, shown, first, last, value, ("Control+Home", "Control+End"))
            return
        hands.press("Control+KeyA")
        hands.write(value)
        return
    for _ in FormField:
        hands.press("ArrowDown")
        if _field(page, name) == value:
            return
    raise SystemExit(f"{value} is not to be chosen in {name}")


def _field(page: Page, name: str) -> str:
    return str(page.input_value(f"#form-{name}"))


def _until_saved(page: Page) -> None:
    for _ in range(400):
        if "已自动保存" in page.inner_text("#saved"):
            return
        page.wait_for_timeout(100)
    raise SystemExit("not saved")


def check(session: Session, task: Task) -> None:
    """Whether what stands in the office is what was said."""
    wrong = [line.id for line in records.lines(session, task.record_id) if line.text != task.said[line.id]]
    form = {name: entry.value for name, entry in records.form(session, task.record_id).items()}
    missing = [name for name, value in task.form.items() if form[name] != value]
    if wrong or missing:
        raise SystemExit(f"{len(wrong)} lines and {missing} are not as said")
