"""Several pieces of a whole file decoded at once: on a GPU much faster than one after the other.

Batches have no second attempt at a higher temperature, so a piece of which a batch made little is decoded again by
itself; with that, text and words are the same as without batches (tests/transcription/test_batches.py).
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

import structlog

from transcription.engine import Engine, EngineUnavailable, Heard, ModelState
from transcription.languages import AUTO
from transcription.pool import Decodings
from transcription.recognise import Source
from transcription.segmenter import Piece, Speech
from transcription.voice import Signal, to_float

log = structlog.get_logger()

_LONGEST_GROUP = 200
"""Pieces, of which silences are most; so long nobody asks whether the caller is still there."""
_LOGPROB = -1.0
_COMPRESSION = 2.4
"""Beyond these faster-whisper itself tries again at a higher temperature (transcribe.py, generate_with_fallback)."""


@runtime_checkable
class BatchEngine(Protocol):
    """An engine that can decode several pieces at once."""

    @property
    def batch_size(self) -> int:
        """Most pieces at once; 1: one by one."""
        ...

    def transcribe_batch(self, signals: Sequence[Signal], language: str, hotwords: Sequence[str]) -> list[list[Heard]]:
        """What was heard in each piece, in their order."""
        ...


class Foreheard:
    """An engine for one piece, of which it knows already what is heard with these hotwords; a quick look is taken afresh:
    it is there to see whether changed sound gives the same text.  Implements Engine."""

    def __init__(self, engine: Engine, heard: list[Heard], hotwords: Sequence[str] = ()) -> None:
        self.name, self.state, self.message = engine.name, ModelState.READY, ""
        self._engine, self._heard, self._hotwords = engine, heard, tuple(hotwords)

    def load(self) -> None:
        """Is ready."""

    def transcribe(
        self, signal: Signal, language: str, hotwords: Sequence[str] = (), *, quick: bool = False, careful: bool = False
    ) -> list[Heard]:
        if quick or tuple(hotwords) != self._hotwords:
            return self._engine.transcribe(signal, language, hotwords, quick=quick, careful=careful)
        return self._heard


def size_for(engine: Engine, source: Source) -> int:
    """How many pieces to take together; where the language is to be found, each piece may have its own."""
    return engine.batch_size if isinstance(engine, BatchEngine) and source.language != AUTO else 1


def grouped(pieces: Iterator[Piece], size: int) -> Iterator[list[Piece]]:
    """Pieces in their order: `size` with speech at a time, and the silences between them."""
    group: list[Piece] = []
    for piece in pieces:
        group.append(piece)
        if size == 1 or sum(isinstance(one, Speech) for one in group) == size or len(group) == _LONGEST_GROUP:
            yield group
            group = []
    if group:
        yield group


async def foreheard(pool: Decodings, engine: Engine, pieces: Sequence[Piece], source: Source) -> list[Engine]:
    """An engine for each piece: one that knows what is in it, or the engine itself.  Raises EngineUnavailable."""
    engines = [engine] * len(pieces)
    speech = [(place, piece) for place, piece in enumerate(pieces) if isinstance(piece, Speech)]
    if len(speech) < 2 or not isinstance(engine, BatchEngine):
        return engines
    signals = [to_float(piece.samples) for _, piece in speech]
    try:
        heard = await pool.run(engine.transcribe_batch, signals, source.language, source.hotwords)
    except EngineUnavailable:
        raise
    except Exception as error:
        log.warning("batch not decoded, its pieces one by one", kind=type(error).__name__)
        return engines
    for (place, _), parts in zip(speech, heard, strict=True):
        if parts and not any(_made_little(part) for part in parts):
            engines[place] = Foreheard(engine, parts, source.hotwords)
    return engines


def _made_little(part: Heard) -> bool:
    return (part.avg_logprob or 0) < _LOGPROB or (part.compression_ratio or 0) > _COMPRESSION
