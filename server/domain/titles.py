"""What a matter is about, in one line."""

LENGTH = 60
"""Characters that a line of a list has room for."""


def short(words: str) -> str:
    """The words in one line; what is cut off is seen to be."""
    line = words.strip().replace("\n", " ")
    return line if len(line) <= LENGTH else line[: LENGTH - 1] + "…"
