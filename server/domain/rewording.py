"""What a correction of a sentence changes in words that were taken from it.

The form quotes what was said as it was heard (三万六千八), the record has numbers in written form (36800): a line's text is
brought back to what was heard, but where a clerk changed it.
"""

from server.domain.linewords import differing, position_in

AROUND = 1
SHORTEST = 2
"""Fewer characters than that are looked for in other words with AROUND that stand beside them."""


def as_heard(recognised: str, written: str, text: str) -> str:
    """A line's text with its numbers as they were said; `written`: what the recognised text was written as."""
    first, last, end = differing(written, text)
    if text == written:
        return recognised
    left, right = (position_in(recognised, written, at) for at in (first, last))
    return recognised[:left] + text[first:end] + recognised[right:]


def quoted(value: str, before: str, after: str) -> str | None:
    """Words that hold a sentence, or are a part of it, with what was changed in the sentence; None: they are neither."""
    if before and before in value:
        return value.replace(before, after, 1)
    at = before.find(value) if value else -1
    if at < 0:
        return None
    return after[position_in(after, before, at) : position_in(after, before, at + len(value))]


def put_back(stands: str, whole: str, sentence: str) -> str:
    """Words out of which a sentence was taken, with it again where it stood in the `whole` ones."""
    at = whole.index(sentence)
    place = position_in(stands, whole[:at] + whole[at + len(sentence) :], at)
    return stands[:place] + sentence + stands[place:]


def elsewhere(value: str, before: str, after: str) -> str | None:
    """Somebody's own words in which the changed ones stand once, with the new ones in their stead; None: they do not."""
    first, last, end = differing(before, after)
    beside = ((AROUND, AROUND), (AROUND, 0), (0, AROUND)) if last - first < SHORTEST else ((0, 0),)
    for left, right in beside:
        begin, over = max(0, first - left), min(len(before), last + right)
        old, new = before[begin:over], after[begin : end + over - last]
        if len(old) >= SHORTEST and value.count(old) == 1:
            return value.replace(old, new)
    return None
