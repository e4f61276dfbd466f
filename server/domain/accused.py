"""Which organizations a petitioner accuses, from the name they gave.

In doubt it finds too many rather than too few: whoever is found here does not see the matter (条例 art. 30).
"""

import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

SHORTEST_PART = 2
"""Fewer characters of a name than this say nothing."""
GOVERNMENT = "政府"


class Named(NamedTuple):
    """An organization and where it stands in the tree, e.g. path "/1/4/"."""

    id: int
    path: str
    name: str


class _Match(NamedTuple):
    start: int
    end: int
    organization: Named


def accused_in(text: str, organizations: Iterable[Named]) -> list[int]:
    """Ids of all organizations that `text` names, the longest name first; of equal names all.

    A name within the text counts, and a text within a name ("镇政府"); 石桥镇 and 石桥镇人民政府 are one.  A larger unit
    directly before one of its own parts ("临溪县石桥镇") is only where that part is.
    """
    said, known = _plain(text), [(_plain(one.name), one) for one in organizations]
    matches = _within(said, known)
    if matches:
        return [match.organization.id for match in matches if not _only_place(match, matches)]
    if len(said) < SHORTEST_PART:
        return []
    return [one.id for name, one in sorted(known, key=lambda pair: (-len(pair[0]), pair[1].id)) if said in name]


def _plain(name: str) -> str:
    """Without blanks, widths and the word 人民, which people leave out."""
    return "".join(unicodedata.normalize("NFKC", name).split()).replace("人民", "")


def _within(said: str, known: list[tuple[str, Named]]) -> list[_Match]:
    """Where names stand in the text; what a longer name covers is not looked at again."""
    stems = sorted(((_stem(name), one) for name, one in known), key=lambda pair: (-len(pair[0]), pair[1].id))
    matches: list[_Match] = []
    for stem, one in stems:
        start = said.find(stem) if len(stem) >= SHORTEST_PART else -1
        while start >= 0:
            found = _Match(start, start + len(stem), one)
            if not any(_covers(match, found) for match in matches):
                matches.append(found)
                break
            start = said.find(stem, start + 1)
    return matches


def _stem(name: str) -> str:
    stem = name.removesuffix(GOVERNMENT)
    return stem if len(stem) >= SHORTEST_PART else name


def _covers(longer: _Match, found: _Match) -> bool:
    """Whether `found` is a part of a longer name, not the same name of another organization."""
    inside = longer.start <= found.start and found.end <= longer.end
    return inside and longer.end - longer.start > found.end - found.start


def _only_place(match: _Match, matches: list[_Match]) -> bool:
    above = match.organization
    return any(
        other.start == match.end and other.organization.path.startswith(above.path) and other.organization != above
        for other in matches
    )
