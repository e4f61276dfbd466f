"""What every use-case of a running office has at hand: settings, the store, the media node, the durable jobs."""

from dataclasses import dataclass, field
from typing import Protocol

from server.protocol.media_control import NodeStatus, Reply
from server.protocol.signalling import Candidate
from server.protocol.transcript import SeatLanguage
from server.reception.record.presence import Presence
from server.reception.talk.beginnings import Beginnings
from server.settings import Settings
from server.store.engine import Store


class MediaNode(Protocol):
    """The media node as the office sees it (server/jobs/node.py); callable from any thread."""

    @property
    def connected(self) -> bool:
        """Whether the control connection is up just now."""

    def close_room(self, reception_id: str, *, timeout: float) -> Reply:
        """End a reception and close its recording; raises Unavailable when the node does not answer."""

    def set_language(self, reception_id: str, participant_id: str, language: SeatLanguage, *, timeout: float) -> Reply:
        """What is spoken on a seat from now on.  `not_found`: nobody sits there.  Raises Unavailable when the node does
        not answer."""

    def kick(self, reception_id: str, participant_id: str, *, timeout: float) -> Reply:
        """Send somebody out; every token of that seat is worth nothing from then on.  `not_found`: nobody sat there.
        Raises Unavailable when the node does not answer."""

    def camera_offer(self, camera_id: str, sdp: str, *, timeout: float) -> Reply:
        """Pass an encoder's offer on; `offer_unusable`, `media_full`.  Raises Unavailable."""

    def camera_trickle(
        self, camera_id: str, session: str, candidates: tuple[Candidate, ...], *, timeout: float
    ) -> Reply:
        """Pass on where else an encoder can be reached; `not_found`.  Raises Unavailable."""

    def camera_end(self, camera_id: str, session: str | None, *, timeout: float) -> Reply:
        """End an encoder's session, or whatever session it has; `not_found`.  Raises Unavailable."""

    def status(self, *, timeout: float) -> NodeStatus:
        """How the node is doing; raises Unavailable when it does not answer."""


class Jobs(Protocol):
    """Durable jobs (server/jobs/workflows.py); callable from any thread."""

    def close_reception(self, reception_id: str) -> None:
        """Close a reception's room and build its draft; starting it again changes nothing."""

    def hear_again(self, reception_id: str) -> None:
        """Hear a closed reception's recording again (reception/second_pass.py); starting it again changes nothing."""

    def ask_model_now(self, reception_id: str) -> None:
        """Ask the language model about a reception (reception/proposals.py), also where it is to be asked later."""

    def try_word(self, word_id: int) -> None:
        """Try a word of a glossary on clips of its office (reception/trying.py); starting it again changes nothing."""

    def fill_gaps(self, copy_id: str) -> None:
        """Fill gaps of the recording from a copy of the kiosk; starting it again changes nothing."""

    def make_archive(self, archive_id: int) -> None:
        """Make a film or bundle that was asked for (reception/archiving.py); starting it again changes nothing."""

    def make_lecture_film(self, lecture_id: str) -> None:
        """Make the film of a lecture (reception/lecture_films.py); starting it again changes nothing."""

    def import_matters(self, import_id: int) -> None:
        """Register the rows of a file whose import has begun (reception/importing.py); starting it again changes nothing."""


@dataclass(frozen=True)
class Office:
    """Container of what lives as long as the web program; on `app.state.office`."""

    settings: Settings
    store: Store
    media: MediaNode
    jobs: Jobs
    presence: Presence = field(default_factory=Presence)
    beginnings: Beginnings = field(default_factory=Beginnings)

    def missing(self) -> list[str]:
        """Names of the programs that do not answer just now."""
        return [] if self.media.connected else ["media"]
