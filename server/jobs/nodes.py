"""All media nodes of the installation as one: each reception lives on its own node, and is asked for there."""

from collections.abc import Callable

from server.errors import Unavailable
from server.jobs.node import AWAY, NodeLink
from server.protocol.media_control import NodeStatus, Reply
from server.protocol.signalling import Candidate
from server.protocol.transcript import SeatLanguage
from server.reception.kiosk import cameras
from server.reception.talk.lecture_journal import is_lecture
from server.settings import Settings
from server.store import lectures, receptions
from server.store.engine import Store


class MediaNodes:
    """A control connection for each node; implements server.reception.office.MediaNode."""

    def __init__(self, settings: Settings, store: Store, closing: Callable[[str], None]) -> None:
        """`closing` is called in a thread with each reception that has just been hung up."""
        self._store = store
        self._links = [NodeLink(settings, store, closing, number) for number in range(settings.media_nodes)]

    @property
    def connected(self) -> bool:
        return all(link.connected for link in self._links)

    def start(self) -> None:
        """Begin to keep the connections up."""
        for link in self._links:
            link.start()

    async def stop(self) -> None:
        """End all connections; idempotent."""
        for link in self._links:
            await link.stop()

    # --- from any thread ---------------------------------------------------------------------------------

    def close_room(self, reception_id: str, *, timeout: float) -> Reply:
        return self._of(reception_id).close_room(reception_id, timeout=timeout)

    def set_language(self, reception_id: str, participant_id: str, language: SeatLanguage, *, timeout: float) -> Reply:
        return self._of(reception_id).set_language(reception_id, participant_id, language, timeout=timeout)

    def kick(self, reception_id: str, participant_id: str, *, timeout: float) -> Reply:
        return self._of(reception_id).kick(reception_id, participant_id, timeout=timeout)

    def camera_offer(self, camera_id: str, sdp: str, *, timeout: float) -> Reply:
        return self._of_camera(camera_id).camera_offer(camera_id, sdp, timeout=timeout)

    def camera_trickle(
        self, camera_id: str, session: str, candidates: tuple[Candidate, ...], *, timeout: float
    ) -> Reply:
        return self._of_camera(camera_id).camera_trickle(camera_id, session, candidates, timeout=timeout)

    def camera_end(self, camera_id: str, session: str | None, *, timeout: float) -> Reply:
        return self._of_camera(camera_id).camera_end(camera_id, session, timeout=timeout)

    def status(self, *, timeout: float) -> NodeStatus:
        """Those that answer, as one."""
        found = [link.status(timeout=timeout) for link in self._links if link.connected]
        if not found:
            raise Unavailable(AWAY, code="media_away")
        return NodeStatus(
            node=", ".join(status.node for status in found),
            started_at=max(status.started_at for status in found),
            rooms=tuple(room for status in found for room in status.rooms),
            participants=sum(status.participants for status in found),
            video_codecs_created=sum(status.video_codecs_created for status in found),
            disk_free_bytes=min(status.disk_free_bytes for status in found),
            disk_minutes=min((s.disk_minutes for s in found if s.disk_minutes is not None), default=None),
            disk_low=any(status.disk_low for status in found),
            cameras=tuple(camera for status in found for camera in status.cameras),
        )

    def _of_camera(self, camera_id: str) -> NodeLink:
        return self._links[cameras.node_of(camera_id, len(self._links))]

    def _of(self, reception_id: str) -> NodeLink:
        whose = lectures if is_lecture(reception_id) else receptions
        with self._store.read() as session:
            return self._links[whose.node_of(session, reception_id, len(self._links))]
