"""The sentences that are spoken: templates filled in, loose rows of words, and what is kept out of training.

Kept out are about a tenth of all filled-in sentences (by hash), every sentence with one of HELD_PHRASES, and every
sentence of the dialogues that the model is measured with, unless it is a template without anything to fill in.
"""

import hashlib
import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import accumulate
from pathlib import Path

from deploy.asr_model.numerals import COUNTED, DIGITS
from deploy.asr_model.scale import Scale

PUNCTUATION = "，。？！、"
HELD_PHRASES = (
    ("柳林镇", "上河村"), ("石桥镇", "东湖村"), ("双河镇", "红星村"), ("张", "秀英"), ("王", "玉梅"), ("刘", "志强"),
    ("马", "桂兰"), ("陈", "永福"), ("县交通局", "道路修缮"), ("宏达公司", "县法院"),
)
KINDS = ("train", "salad", "free", "talk", "fixed")
_SEED = 20260101
_SLOT = re.compile(r"\{(\w+)\}")
_COUNTING = DIGITS + "十百千万两半多元块钱亩分平方米个月年份日号去今周"
_FUNCTION_WORDS = ["的", "的", "的", "了", "了", "是", "是", "在", "在", "我", "我", "你", "您", "他", "她", "们", "有", "有", "不", "不", "没", "就", "也", "都", "和", "要", "要", "去", "到", "说", "来", "给", "把", "被", "让", "还", "很", "太", "再", "又", "从", "对", "向", "跟", "比", "能", "会", "可", "想", "过", "着", "吗", "呢", "吧", "啊", "这", "那", "这个", "那个", "什么", "怎么", "一个", "两个", "我们", "你们", "他们", "大家", "自己", "现在", "已经", "因为", "所以", "但是", "如果", "可以", "应该", "需要", "知道", "没有", "就是", "还是", "时候", "地方", "问题", "事情", "办法", "今天", "明天", "昨天", "以后", "以前"]


@dataclass(frozen=True)
class Sentences:
    """What is spoken in training, by kind; what is held out; and every character that can occur."""

    training: dict[str, list[str]]
    held: list[str]
    held_talk: list[str]
    characters: str

    def write(self, folder: Path) -> None:
        """sentences.json for the next steps, and what was held out as plain lists."""
        content = {"training": self.training, "held": self.held, "held_talk": self.held_talk, "characters": self.characters}
        (folder / "sentences.json").write_text(json.dumps(content, ensure_ascii=False, indent=0), "utf-8")
        (folder / "held-out-sentences.txt").write_text("".join(f"{s}\n" for s in (*self.held, *self.held_talk)), "utf-8")
        phrases = "".join(" ".join(pair) + "\n" for pair in HELD_PHRASES)
        (folder / "held-out-phrases.txt").write_text(phrases, "utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Sentences":
        """What `write` wrote."""
        return cls(**json.loads((folder / "sentences.json").read_text("utf-8")))


def build(scale: Scale, words: Sequence[str], dialogues: Iterable[str], characters: str = "") -> Sentences:
    """All sentences of a run; the same arguments give the same sentences.

    `words` are everyday words (see `common_words`), `dialogues` the sentences that the model is measured with,
    `characters` those of a model that is trained on (empty: all that occur).
    """
    alphabet = set(characters or all_characters())
    kept_out = _with_parts(dialogues) - set(_closed())
    filled = _Filled(random.Random(_SEED), kept_out, alphabet)
    train, held = filled.templates(scale.per_template)
    loose = _Loose(random.Random(_SEED + 1), [w for w in words if set(w) <= alphabet], train, alphabet)
    talk, held_talk = _talk(random.Random(_SEED + 2), scale, kept_out, alphabet)
    fresh = _Filled(random.Random(_SEED + 3), kept_out | set(train), alphabet).fresh(scale.fixed_fresh)
    everyday = [s for s in _closed() if set(s) <= alphabet]
    training = {
        "train": train,
        "salad": loose.salad(scale.salad),
        "free": loose.free(scale.free),
        "talk": talk,
        "fixed": everyday * scale.fixed_repeats + fresh,
    }
    forbidden = kept_out | set(held) | set(held_talk)
    clean = {kind: [s for s in said if s not in forbidden and set(s) <= alphabet] for kind, said in training.items()}
    return Sentences(clean, held, held_talk, "".join(sorted(alphabet)))


def is_held_out(sentence: str) -> bool:
    """Whether a filled-in sentence is kept out of training; depends on its text alone."""
    if any(one in sentence and other in sentence for one, other in HELD_PHRASES):
        return True
    return int(hashlib.md5(sentence.encode(), usedforsecurity=False).hexdigest(), 16) % 10 == 0


def common_words(characters: str, count: int = 12000) -> list[str]:
    """The most frequent words of two to four of these characters, without names (jieba's word list)."""
    import jieba

    alphabet, rows = set(characters), []
    for line in (Path(jieba.__file__).parent / "dict.txt").read_text("utf-8").splitlines():
        word, frequency, kind = line.split(" ")[:3]
        if 2 <= len(word) <= 4 and set(word) <= alphabet and not kind.startswith(("nr", "ns", "nz")):
            rows.append((int(frequency), word))
    return [word for _, word in sorted(rows, reverse=True)[:count]]


def dialogue_sentences(folders: Iterable[Path]) -> list[str]:
    """What is said in the dialogues measured with, and in the freely worded ones of this package."""
    said = [*_lines("free-land.txt"), *_lines("free-wage.txt")]
    for folder in folders:
        reference = json.loads((folder / "reference.json").read_text("utf-8"))
        said += [utterance["text"] for utterance in reference["utterances"]]
    return said


def all_characters() -> str:
    """Every character that templates, slots, numbers and the freely worded dialogues can bring, sorted."""
    texts = [_SLOT.sub("", t) for name in ("petitioner.txt", "leader.txt", "talk.txt") for t in _lines(name)]
    texts += [value for name in ("slots.json", "talk_slots.json") for values in _slots(name).values() for value in values]
    texts += [*_lines("free-land.txt"), *_lines("free-wage.txt"), *_FUNCTION_WORDS, _COUNTING, PUNCTUATION]
    return "".join(sorted(set("".join(texts))))


def phrases() -> list[str]:
    """All values of the slots, sorted."""
    return sorted({value for values in _slots("slots.json").values() for value in values})


class _Filled:
    """Fills the reception's templates in."""

    def __init__(self, r: random.Random, kept_out: set[str], alphabet: set[str]) -> None:
        self._r = r
        self._seen = set(kept_out)
        self._alphabet = alphabet

    def templates(self, per_template: int) -> tuple[list[str], list[str]]:
        """Every template filled in about so often per slot: (for training, held out)."""
        train, held = list[str](), list[str]()
        for template in _templates():
            slots = len(_SLOT.findall(template))
            for _ in range(per_template * min(3, slots) or 1):
                sentence = self._new(template)
                if sentence:
                    (held if slots and is_held_out(sentence) else train).append(sentence)
        return train, held

    def fresh(self, count: int) -> list[str]:
        """So many more filled-in sentences, none held out and none twice."""
        opened = [t for t in _templates() if _SLOT.search(t)]
        made = list[str]()
        while len(made) < count:
            sentence = self._new(self._r.choice(opened))
            if sentence and not is_held_out(sentence):
                made.append(sentence)
        return made

    def _new(self, template: str) -> str | None:
        sentence = _fill(self._r, template)
        if sentence in self._seen or not set(sentence) <= self._alphabet:
            return None
        self._seen.add(sentence)
        return sentence


class _Loose:
    """Rows of words that no template foresees: they keep the decoder listening instead of reciting."""

    def __init__(self, r: random.Random, words: Sequence[str], train: Sequence[str], alphabet: set[str]) -> None:
        self._r = r
        self._words = words
        self._function_words = [word for word in _FUNCTION_WORDS if set(word) <= alphabet]
        self._weights = list(accumulate(1 / (rank + 30) for rank in range(len(words))))
        self._phrases = phrases()
        self._clauses = sorted({c for s in train for c in re.split(f"[{PUNCTUATION}]+", s) if len(c) >= 3})

    def salad(self, count: int) -> list[str]:
        """Words, phrases, clauses or numbers in random order, at most 34 characters each."""
        rows = (self._row() + self._r.choice("。。。？") for _ in range(count))
        return [row for row in rows if len(row) <= 34]

    def _row(self) -> str:
        r, kind = self._r, self._r.random()
        if kind < 0.45 and self._words:
            return "".join(r.choice(self._words) for _ in range(r.randint(2, 6)))
        if kind < 0.7:
            return "".join(r.choice(self._phrases) for _ in range(r.randint(1, 4)))
        if kind < 0.9:
            return "，".join(r.choice(self._clauses) for _ in range(r.randint(2, 3)))
        counted = ["money", "date", "phone", "area", "count", "docno", "sqm"]
        return "".join(COUNTED[r.choice(counted)](r) for _ in range(r.randint(1, 2)))

    def free(self, count: int) -> list[str]:
        """Words with function words between: unpredictable, yet with what decides between homophones."""
        rows = ("，".join(self._clause() for _ in range(self._r.randint(1, 3))) for _ in range(count))
        return [row + self._r.choice("。。。。？") for row in rows if len(row) <= 35]

    def _clause(self) -> str:
        clause, size = "", self._r.randint(3, 13)
        while len(clause) < size:
            clause += self._piece()
        return clause

    def _piece(self) -> str:
        r, kind = self._r, self._r.random()
        if kind < 0.38 or (kind < 0.78 and not self._words):
            return r.choice(self._function_words)
        if kind < 0.78:
            return r.choices(self._words, cum_weights=self._weights)[0]
        if kind < 0.90:
            return r.choice(self._phrases)
        if kind < 0.96:
            clause = r.choice(self._clauses)
            start = r.randrange(len(clause))
            return clause[start : start + r.randint(2, 6)]
        return COUNTED[r.choice(["money", "date", "count", "area", "years", "months"])](r)


def _talk(r: random.Random, scale: Scale, kept_out: set[str], alphabet: set[str]) -> tuple[list[str], list[str]]:
    """Conversational sentences: (for training, held out); those without slots several times."""
    values = {**_slots("slots.json"), **_slots("talk_slots.json")}
    train, held = list[str](), set[str]()
    for template in _lines("talk.txt"):
        slots = len(_SLOT.findall(template))
        for _ in range(scale.talk_per_template * min(2, slots) or 4):
            sentence = _SLOT.sub(lambda slot: r.choice(values[slot[1]]), template)
            if sentence in kept_out or not set(sentence) <= alphabet:
                continue
            if slots and is_held_out(sentence):
                held.add(sentence)
            else:
                train.append(sentence)
    return train, sorted(held)


def _fill(r: random.Random, template: str) -> str:
    def value(slot: re.Match[str]) -> str:
        counted = COUNTED.get(slot[1])
        return counted(r) if counted else r.choice(_slots("slots.json")[slot[1]])

    return _SLOT.sub(value, template).replace("下周周", "下周")


def _with_parts(texts: Iterable[str]) -> set[str]:
    """The texts, and each sentence in them."""
    texts = set(texts)
    return texts | {part for text in texts for part in re.findall(r"[^。？！]+[。？！]", text)}


def _closed() -> list[str]:
    """Templates without anything to fill in."""
    return [t for t in (*_templates(), *_lines("talk.txt")) if not _SLOT.search(t)]


def _templates() -> tuple[str, ...]:
    return _lines("petitioner.txt") + _lines("leader.txt")


@cache
def _lines(name: str) -> tuple[str, ...]:
    return tuple(line for line in _resource(name).splitlines() if line)


@cache
def _slots(name: str) -> dict[str, list[str]]:
    return {slot: values.split(" ") for slot, values in json.loads(_resource(name)).items()}


def _resource(name: str) -> str:
    return resources.files("deploy.asr_model").joinpath("text", name).read_text("utf-8")
