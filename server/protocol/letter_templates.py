"""Word templates of an organization as its administrator sees them."""

from server.protocol.base import Message, Moment


class TemplateRow(Message):
    name: str
    """In addresses, and of its file: record, form, letter, letter-acceptance and so on."""
    title: str
    source: str
    """Who set the one that holds, in words; empty: the program's own."""
    own: bool
    """It was set at this very organization."""
    changed_at: Moment | None
    problem: str
    """Why the one that was set is not used, and the program's own is; empty: it is."""


class TemplateWord(Message):
    name: str
    shown: str
    """What stands in the sample for it."""


class TemplateWords(Message):
    of: str
    words: tuple[TemplateWord, ...]
    needed: tuple[str, ...]


class Templates(Message):
    organization_id: int
    organization: str
    templates: tuple[TemplateRow, ...]
    words: tuple[TemplateWords, ...]
