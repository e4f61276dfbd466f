"""libespeak-ng with the time of every syllable.

The command gives audio only.  The library also reports an event for each blank-separated word; of toned pinyin
("nin2 hao3 , wo3 ...") every word is a syllable, and so a character.  These exact times teach the alignment heads.
"""

import ctypes
from typing import Any

import numpy as np

_RATE, _PITCH, _RANGE = 1, 3, 4  # espeak_PARAMETER of speak_lib.h
_SYNCHRONOUS, _CHARS_UTF8 = 2, 1
_WORD_EVENT = 1


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("unique", ctypes.c_uint), ("text_position", ctypes.c_int), ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int), ("sample", ctypes.c_int), ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """The engine; one per process, since the library has global state."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self.sample_rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, 0)
        if self.sample_rate <= 0:
            raise RuntimeError("espeak-ng cannot be started: is the package espeak-ng-data installed?")
        self._pcm = list[np.ndarray]()
        self._events = list[tuple[int, float]]()
        self._callback = _Callback(self._heard)  # kept, because the library keeps only a pointer
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: str, rate: int, pitch: int, pitch_range: int) -> tuple[np.ndarray, list[tuple[int, float]]]:
        """(float32 mono at `sample_rate`, [(position in the text, from 1; seconds)]); rate in words a minute."""
        self._pcm, self._events = [], []
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice}")
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._library.espeak_SetParameter(parameter, value, 0)
        content = text.encode()
        self._library.espeak_Synth(content, len(content) + 1, 0, 1, 0, _CHARS_UTF8, None, None)
        self._library.espeak_Synchronize()
        pcm = np.concatenate(self._pcm) if self._pcm else np.zeros(0, np.int16)
        return pcm.astype(np.float32) / 32768.0, self._events

    def _heard(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._pcm.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        index = 0
        while events[index].type != 0:
            if events[index].type == _WORD_EVENT:
                self._events.append((events[index].text_position, events[index].audio_position_ms / 1000))
            index += 1
        return 0
