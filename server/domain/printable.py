"""Text as files of other programs can hold it: .docx and .xlsx are XML, which has no control characters."""

import re

_NOT_IN_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0 section 2.2, Char, without the carriage return."""


def printable(text: str) -> str:
    """The text without what is not seen and what no XML file holds; text copied out of other programs has some of it."""
    return _NOT_IN_XML.sub("", text)
