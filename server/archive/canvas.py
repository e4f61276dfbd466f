"""One picture of the film: heading with the running clock, notices, tiles."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from server import clock
from server.archive.layout import GAP, HEADING, HEIGHT, LABEL, NOTICES, WIDTH, Box, Tile
from server.archive.plan import Seat, VideoPlan
from server.archive.words import Picture, Words, bgr, put

GROUND, TILE, INK, SOFT, NOTICE, NOTICE_INK = "#16201f", "#2a3735", "#ffffff", "#c9d3d2", "#fbeed0", "#1a2325"
HEADING_SIZE, LABEL_SIZE, NOTICE_SIZE, NAME_SIZE = 22, 18, 17, 30
ROW = NOTICES // 2
WEEKDAYS = "一二三四五六日"
NO_PICTURE, SOUND_ONLY = "没有画面", "只录音，没有录像"

Planes = list[NDArray[np.uint8]]
"""Y, U, V as rows of bytes; U and V have half the size."""
Missing = tuple[bool, ...]
"""Per tile whether it has no picture."""


class Canvas:
    """Draws the pictures of one film; what stays the same for a second is drawn once."""

    def __init__(self, plan: VideoPlan, words: Words) -> None:
        self._plan = plan
        self._words = words
        self._seats: Mapping[str, Seat] = {seat.id: seat for seat in plan.seats}
        self._scalers: dict[Box, VideoReformatter] = {}
        self._still_key: tuple[Any, ...] = ()
        self._still = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        self._base_key: tuple[Any, ...] = ()
        self._base = np.zeros((HEIGHT * 3 // 2, WIDTH), np.uint8)

    def draw(self, moment: float, tiles: Sequence[Tile], pictures: Sequence[Any], notices: Sequence[str]) -> Any:
        """The picture at a media time; a tile without a picture says whose it is."""
        missing = tuple(picture is None for picture in pictures)
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        planes = [_rows(plane) for plane in frame.planes]
        for plane, base in zip(planes, self._second(moment, tuple(tiles), missing, tuple(notices)), strict=True):
            plane[:] = base
        for tile, picture in zip(tiles, pictures, strict=True):
            if picture is not None:
                self._paste(picture, tile.box, planes)
        return frame

    # --- what changes once a second ---------------------------------------------------------------------

    def _second(self, moment: float, tiles: tuple[Tile, ...], missing: Missing, notices: tuple[str, ...]) -> Planes:
        """Everything but the pictures, as planes Y, U, V."""
        key = (int(moment), tiles, missing, notices)
        if key != self._base_key:
            drawn = self._without_clock(tiles, missing, notices).copy()
            self._clock(drawn, moment)
            cv2.cvtColor(drawn, cv2.COLOR_BGR2YUV_I420, dst=self._base)
            self._base_key = key
        colour = self._base[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
        return [self._base[:HEIGHT], colour[0], colour[1]]

    def _clock(self, drawn: Picture, moment: float) -> None:
        started = self._plan.started_at
        if started is None:
            day, time = "录音", f"{int(moment) // 3600}:{int(moment) // 60 % 60:02}:{int(moment) % 60:02}"
        else:
            now = (started + timedelta(seconds=int(moment))).astimezone(clock.OFFICE_ZONE)
            day = f"{now.year}年{now.month}月{now.day}日　星期{WEEKDAYS[now.weekday()]}"
            time = f"{now:%H:%M:%S}"
        digits = self._words.clock(time, HEADING_SIZE, INK, GROUND)
        date = self._words.picture(day, HEADING_SIZE, INK, GROUND)
        left = WIDTH - GAP * 2 - digits.shape[1]
        put(drawn, digits, left, (HEADING - digits.shape[0]) // 2)
        put(drawn, date, left - GAP * 2 - date.shape[1], (HEADING - date.shape[0]) // 2)

    def _without_clock(self, tiles: tuple[Tile, ...], missing: Missing, notices: tuple[str, ...]) -> Picture:
        key = (tiles, missing, notices)
        if key != self._still_key:
            self._still[:] = bgr(GROUND)
            heading = self._words.picture(self._plan.heading, HEADING_SIZE, INK, GROUND)
            put(self._still, heading[:, : WIDTH - 480], GAP * 2, (HEADING - heading.shape[0]) // 2)
            self._notices(notices)
            for tile, gone in zip(tiles, missing, strict=True):
                self._tile(tile, gone)
            self._still_key = key
        return self._still

    def _notices(self, notices: tuple[str, ...]) -> None:
        """At most two sentences; the second row says how many more there are."""
        rows = list(notices[:2])
        if len(notices) > 2:
            rows[1] = f"{notices[1]}（另外还有 {len(notices) - 2} 处）"
        for number, text in enumerate(rows):
            top = HEADING + number * ROW
            self._still[top : top + ROW] = bgr(NOTICE)
            drawn = self._words.picture(text, NOTICE_SIZE, NOTICE_INK, NOTICE)
            put(self._still, drawn[:ROW, : WIDTH - GAP * 4], GAP * 2, top + max(0, (ROW - drawn.shape[0]) // 2))

    def _tile(self, tile: Tile, gone: bool) -> None:
        box, seat = tile.box, self._seats[tile.seat_id]
        self._still[box.y : box.y + box.height, box.x : box.x + box.width] = bgr(TILE)
        if gone:
            why = SOUND_ONLY if self._plan.audio_only else NO_PICTURE
            self._centred(seat.role, NAME_SIZE, INK, box, -NAME_SIZE // 2)
            self._centred(why, LABEL_SIZE, SOFT, box, NAME_SIZE)
        label = f"{seat.role}　{seat.name}".strip() + ("　出示的材料" if tile.document else "")
        drawn = self._words.picture(label, LABEL_SIZE, INK, GROUND)[: LABEL - 1, : box.width]
        put(self._still, drawn, box.x + (box.width - drawn.shape[1]) // 2, box.y + box.height + 1)

    def _centred(self, text: str, size: int, colour: str, box: Box, lower: int) -> None:
        drawn = self._words.picture(text, size, colour, TILE)[:, : box.width]
        x, y = box.x + (box.width - drawn.shape[1]) // 2, box.y + (box.height - drawn.shape[0]) // 2 + lower
        put(self._still, drawn, x, y)

    # --- what changes with every picture ------------------------------------------------------------------

    def _paste(self, picture: Any, box: Box, planes: Planes) -> None:
        place = box.fit(picture.width, picture.height)
        scaler = self._scalers.setdefault(place, VideoReformatter())
        scaled = scaler.reformat(
            picture, place.width, place.height, "yuv420p", interpolation=Interpolation.FAST_BILINEAR, threads=1
        )
        for source, target, part in zip(scaled.planes, planes, (1, 2, 2), strict=True):
            x, y, width, height = place.x // part, place.y // part, place.width // part, place.height // part
            target[y : y + height, x : x + width] = _rows(source)[:, :width]


def _rows(plane: Any) -> NDArray[np.uint8]:
    """A plane's memory as rows of bytes, to be read and written."""
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
