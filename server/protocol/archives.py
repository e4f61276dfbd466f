"""Films and bundles that are made of a case.  Paths: office.md."""

from server.protocol.base import Message, Moment


class ArchiveView(Message):
    """The film or the export bundle of a case."""

    state: str
    """waiting, running, ready, failed, cancelled, expired."""
    progress: float = 0
    """0 to 1."""
    messages: tuple[str, ...] = ()
    """Why it failed, or what is missing in it."""
    asked_by: str
    asked_at: Moment
    finished_at: Moment | None = None
    expires_at: Moment | None = None
    size: int = 0
    sha256: str = ""
    url: str = ""
    """Where the file is, once it is there."""


class Archives(Message):
    """What there is of a case for the archive; None: nobody asked for it."""

    video: ArchiveView | None = None
    bundle: ArchiveView | None = None
    captions_url: str
    seconds: float
    """Length of the recording."""
