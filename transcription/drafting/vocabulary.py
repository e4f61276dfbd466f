"""Words by which the rules of drafting find things: data/words.toml and what an office adds to it."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_OWN = Path(__file__).parent / "data" / "words.toml"
_GAP = "[^，。；！？,;!?]{0,10}?"
"""What … stands for: within a clause, and not so long that its ends have nothing to do with each other."""


class UnusableWords(ValueError):
    """A file of words is not one; the message says where."""


@dataclass(frozen=True)
class Category:
    """A content category: named when all words of one of `said` are in a sentence; goes before `within`."""

    name: str
    said: tuple[tuple[str, ...], ...]
    within: str = ""

    def named_in(self, text: str) -> bool:
        return any(all(word in text for word in words) for words in self.said)


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """All words; each is its own, so that patterns made of it can be kept."""

    categories: tuple[Category, ...]
    words: Mapping[str, tuple[str, ...]]

    def category(self, name: str) -> Category | None:
        return next((category for category in self.categories if category.name == name), None)

    def any_of(self, *lists: str) -> str:
        """Regular expression for one word of these lists, the longest first."""
        entries = {entry for name in lists for entry in self.words[name]}
        ordered = sorted(entries, key=lambda entry: (-len(entry), entry))
        return "(?:" + "|".join(_GAP.join(map(re.escape, entry.split("…"))) for entry in ordered) + ")"


def load_vocabulary(extra: Path | None = None) -> Vocabulary:
    """The words that come with the program, and those of an office's own file; UnusableWords says what is wrong there."""
    own = _read(_OWN)
    return own if extra is None else _added(own, _read(extra, known=own.words))


def _read(path: Path, known: Iterable[str] | None = None) -> Vocabulary:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnusableWords(f"{path}: {error}") from error
    unknown = set(data) - {"category", "words"}
    words = data.get("words", {})
    if known is not None:
        unknown |= set(words) - set(known)
    if unknown:
        raise UnusableWords(f"{path}: nothing is called {', '.join(sorted(unknown))}")
    return Vocabulary(
        tuple(_category(path, item) for item in data.get("category", ())),
        {name: _texts(path, name, entries) for name, entries in words.items()},
    )


def _category(path: Path, item: Mapping[str, object]) -> Category:
    name, within = item.get("name"), item.get("within", "")
    if not isinstance(name, str) or not name or not isinstance(within, str):
        raise UnusableWords(f"{path}: a category needs a name")
    said = _texts(path, name, item.get("said"))
    return Category(name, tuple(tuple(entry.split("+")) for entry in said), within)


def _texts(path: Path, name: str, entries: object) -> tuple[str, ...]:
    """A list of words; an empty word would be found everywhere."""
    if isinstance(entries, list) and all(isinstance(e, str) and all(re.split(r"[+…]", e)) for e in entries):
        return tuple(entries)
    raise UnusableWords(f"{path}: {name} is not a list of words")


def _added(own: Vocabulary, extra: Vocabulary) -> Vocabulary:
    categories = {category.name: category for category in own.categories}
    for new in extra.categories:
        old = categories.get(new.name)
        categories[new.name] = Category(new.name, old.said + new.said, new.within or old.within) if old else new
    words = {name: entries + extra.words.get(name, ()) for name, entries in own.words.items()}
    return Vocabulary(tuple(categories.values()), words)


class _InUse:
    """What this process drafts with: set once when a program starts, the same for every draft after that."""

    vocabulary = load_vocabulary()


def use(vocabulary: Vocabulary) -> None:
    """Draft with these words from now on, in this process."""
    _InUse.vocabulary = vocabulary


def in_use() -> Vocabulary:
    """The words that drafts are made with: those that come with the program until `use` says others."""
    return _InUse.vocabulary
