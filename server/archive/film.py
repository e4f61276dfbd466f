"""The film of a reception, made in parts so that a worker that died goes on after the last finished one.

Sound first (one file), then the pictures in parts of a minute, then everything copied into one MP4.
"""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from server.archive import layout, mux, sound
from server.archive.canvas import Canvas
from server.archive.disk import Disk
from server.archive.plan import Source, VideoPlan
from server.archive.recorded import Pictures
from server.archive.words import Words
from server.protocol.base import TrackKind

FPS = 25
STILL_FPS = 5
"""Without any recorded picture only the clock moves."""
OPTIONS = {"preset": "superfast", "crf": "25", "g": "50", "bf": "0", "maxrate": "1800k", "bufsize": "3600k"}
"""Without B-frames a part's times are plain and parts follow each other without a seam."""
SOUND_SHARE, PICTURE_SHARE = 0.08, 0.9
"""Parts of the work, as measured; the rest is copying."""
SOUND, FILM = "sound.mp4", "video.mp4"
NOTICE_S = 4.0
"""A notice stands so long at least."""

Progress = Callable[[float], None]


def workers() -> int:
    """How many parts are made at a time: one per core, at most four."""
    return max(1, min(4, len(os.sched_getaffinity(0))))


class Film:
    """Makes the film of one plan in one folder."""

    def __init__(self, plan: VideoPlan, folder: Path, disk: Disk, progress: Progress) -> None:
        self._plan, self._folder, self._disk, self._progress = plan, folder, disk, progress
        self.broken: dict[str, Source] = {}
        has_pictures = any(source.kind == TrackKind.VIDEO for source in plan.sources)
        self.fps = FPS if has_pictures else STILL_FPS
        self._words = Words(plan.font_dir)
        self._drawn = 0
        self._guard = threading.Lock()

    def make(self) -> Path:
        """Do what is not done yet; returns the finished film.  Raises OSError (the disk)."""
        self._finish(SOUND, self._write_sound)
        self._progress(SOUND_SHARE)
        with ThreadPoolExecutor(workers()) as pool:
            parts = list(pool.map(self._part, range(self._count())))
        film = self._folder / FILM
        mux.join(self._plan, parts, self._folder / SOUND, film, self.fps, self._disk)
        self._progress(1.0)
        return film

    def _finish(self, name: str, write: Callable[[Path], None]) -> Path:
        """Have a file written, unless it was finished by a worker before this one."""
        path, new = self._folder / name, self._folder / f"{name}.new"
        if not path.exists():
            self._disk.check()
            write(new)
            _sync(new)
            new.replace(path)
        return path

    def _note_broken(self, source: Source) -> None:
        self.broken[source.id] = source

    def _write_sound(self, target: Path) -> None:
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            self._progress(SOUND_SHARE * min(1.0, done / max(1.0, self._plan.seconds)))

        blocks = sound.mixed(self._plan.sources, self._plan.seconds, self._note_broken)
        sound.write(target, blocks, tick)

    # --- pictures ---------------------------------------------------------------------------------------------

    def _frames_in_part(self) -> int:
        return max(1, round(self._plan.part_seconds * self.fps))

    def _frame_count(self) -> int:
        return max(1, round(self._plan.seconds * self.fps))

    def _count(self) -> int:
        return -(-self._frame_count() // self._frames_in_part())

    def _part(self, number: int) -> Path:
        first = number * self._frames_in_part()
        last = min(first + self._frames_in_part(), self._frame_count())
        return self._finish(f"part-{number:05}.nut", lambda target: self._write_part(target, first, last))

    def _write_part(self, target: Path, first: int, last: int) -> None:
        scenes = Scenes(self._plan, first / self.fps, last / self.fps, self._note_broken)
        canvas = Canvas(self._plan, self._words)
        with av.open(str(target), "w", format="nut") as container:
            stream = container.add_stream("libx264", rate=self.fps, options=OPTIONS)
            stream.width, stream.height, stream.pix_fmt = layout.WIDTH, layout.HEIGHT, "yuv420p"
            stream.time_base = stream.codec_context.time_base = Fraction(1, self.fps)
            stream.codec_context.thread_count = 1
            for number in range(first, last):
                container.mux(stream.encode(self._frame(canvas, scenes, number, number - first)))
                if number % self.fps == 0:
                    self._count_drawn(self.fps)
            container.mux(stream.encode(None))

    def _count_drawn(self, frames: int) -> None:
        with self._guard:
            self._drawn += frames
            self._progress(SOUND_SHARE + PICTURE_SHARE * min(1.0, self._drawn / self._frame_count()))

    def _frame(self, canvas: Canvas, scenes: "Scenes", number: int, pts: int) -> Any:
        moment = number / self.fps
        tiles, pictures = scenes.at(moment)
        frame = canvas.draw(moment, tiles, pictures, self._notices(moment))
        frame.pts, frame.time_base = pts, Fraction(1, self.fps)
        return frame

    def _notices(self, moment: float) -> Sequence[str]:
        told = [notice.text for notice in self._plan.notices if _shown(notice.start, notice.end, moment)]
        own = [self._unreadable(source) for source in self.broken.values() if _shown(source.start, source.end, moment)]
        return [*told, *own]

    def _unreadable(self, source: Source) -> str:
        who = next((seat.role for seat in self._plan.seats if seat.id == source.seat_id), "")
        what = "录音" if source.kind == TrackKind.AUDIO else "录像"
        return f"{who}这一段{what}的文件读不出来，原来录的已经坏了。"


class Scenes:
    """Who is in the picture, and with which picture, for a part of the film."""

    def __init__(self, plan: VideoPlan, start: float, end: float, broken: Callable[[Source], None]) -> None:
        wanted = [s for s in plan.sources if s.kind == TrackKind.VIDEO and s.end > start - 5 and s.start < end]
        self._documents = sorted((s for s in wanted if s.document), key=lambda s: s.start)
        self._seats = [seat.id for seat in plan.seats]
        tracks: dict[tuple[str, bool, bool], list[Source]] = {}
        for source in sorted(wanted, key=lambda one: one.begins):
            tracks.setdefault((source.seat_id, source.document, source.only is not None), []).append(source)
        self._tracks = {key: Pictures(sources, start, broken) for key, sources in tracks.items()}
        self._layouts: dict[str | None, tuple[layout.Tile, ...]] = {}

    def at(self, moment: float) -> tuple[tuple[layout.Tile, ...], list[Any]]:
        """The tiles and their pictures at a media time."""
        shown = next((s.seat_id for s in reversed(self._documents) if s.start <= moment < s.end), None)
        if shown not in self._seats:
            shown = None
        if shown not in self._layouts:
            self._layouts[shown] = layout.tiles(self._seats, shown)
        tiles = self._layouts[shown]
        return tiles, [self._picture(tile, moment) for tile in tiles]

    def _picture(self, tile: layout.Tile, moment: float) -> Any:
        """What the server recorded, else what the kiosk's copy has."""
        tracks = (self._tracks.get((tile.seat_id, tile.document, copied)) for copied in (False, True))
        pictures = [track.at(moment) for track in tracks if track is not None]
        return next((picture for picture in pictures if picture is not None), None)


def _shown(start: float, end: float, moment: float) -> bool:
    return start <= moment < max(end, start + NOTICE_S)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
