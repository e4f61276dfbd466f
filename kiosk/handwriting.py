"""Characters written with a finger, read on this computer by Zinnia (libzinnia, BSD; the model of Tegaki, LGPL).

Nothing leaves the machine and nothing is kept: strokes come in, characters go out.  The model knows the 6763 characters of
GB 2312 and goes by strokes: a character is found best when its strokes are written one by one, in any size.
"""

import ctypes
import threading
from collections.abc import Sequence
from ctypes import c_char_p, c_int, c_size_t, c_void_p
from pathlib import Path

import structlog

from server.protocol.screens import WRITING_EXTENT, WrittenPoint

log = structlog.get_logger(__name__)

LIBRARY = "libzinnia.so.0"
MOST = 12
"""Characters that are offered."""

Stroke = Sequence[WrittenPoint]

_SIGNATURES: dict[str, tuple[object, list[object]]] = {
    "recognizer_new": (c_void_p, []),
    "recognizer_open": (c_int, [c_void_p, c_char_p]),
    "recognizer_classify": (c_void_p, [c_void_p, c_void_p, c_size_t]),
    "recognizer_destroy": (None, [c_void_p]),
    "character_new": (c_void_p, []),
    "character_set_width": (None, [c_void_p, c_size_t]),
    "character_set_height": (None, [c_void_p, c_size_t]),
    "character_add": (c_int, [c_void_p, c_size_t, c_int, c_int]),
    "character_destroy": (None, [c_void_p]),
    "result_size": (c_size_t, [c_void_p]),
    "result_value": (c_char_p, [c_void_p, c_size_t]),
    "result_destroy": (None, [c_void_p]),
}


class NoHandwriting(Exception):
    """The library or its model is not on this computer, or cannot be used."""


class Handwriting:
    """One model, opened once (13 MB, mapped)."""

    def __init__(self, model: Path) -> None:
        """Raises NoHandwriting."""
        try:
            library = ctypes.CDLL(LIBRARY)
        except OSError as error:
            raise NoHandwriting(LIBRARY) from error
        self._call = {}
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, f"zinnia_{name}")
            function.restype, function.argtypes = result, arguments
            self._call[name] = function
        self._lock = threading.Lock()
        self._recogniser = self._call["recognizer_new"]()
        if not self._call["recognizer_open"](self._recogniser, str(model).encode()):
            self._call["recognizer_destroy"](self._recogniser)
            raise NoHandwriting(str(model))

    def read(self, strokes: Sequence[Stroke]) -> list[str]:
        """What these strokes may be, likeliest first, at most MOST; empty for no strokes.  10 ms, in any thread."""
        points = [(index, x, y) for index, stroke in enumerate(strokes) for x, y in stroke]
        if not points:
            return []
        call = self._call
        character = call["character_new"]()
        try:
            call["character_set_width"](character, WRITING_EXTENT)
            call["character_set_height"](character, WRITING_EXTENT)
            for point in points:
                call["character_add"](character, *point)
            with self._lock:
                found = call["recognizer_classify"](self._recogniser, character, MOST)
            if not found:
                return []
            try:
                return [call["result_value"](found, index).decode() for index in range(call["result_size"](found))]
            finally:
                call["result_destroy"](found)
        finally:
            call["character_destroy"](character)


def open_where_there_is_one(model: Path) -> Handwriting | None:
    """None where this computer cannot read handwriting; the page then offers none."""
    try:
        return Handwriting(model)
    except NoHandwriting as missing:
        log.info("no handwriting: install libzinnia0 and tegaki-zinnia-simplified-chinese", missing=str(missing))
        return None
