"""What happens when decoding a piece fails: it is tried again, and given up only if the piece itself is at fault."""

import numpy as np
import structlog

from server.protocol.transcript import Utterance
from transcription.engine import Engine, EngineUnavailable, ModelState
from transcription.pool import Decodings
from transcription.recognise import Source, Unheard, recognise
from transcription.segmenter import Speech
from transcription.voice import RATE

log = structlog.get_logger()
ATTEMPTS = 3
BROKEN = "语音识别程序出了错，暂时出不了文字。谈话可以照常进行，过一会儿会自动再试。"


class PieceFailed(Exception):
    """This piece cannot be decoded, though others can."""


async def recognise_with_attempts(pool: Decodings, engine: Engine, speech: Speech, source: Source) -> Utterance | Unheard | None:
    """What was said in the piece.  Raises PieceFailed, EngineUnavailable."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await pool.run(recognise, engine, speech, source)
        except EngineUnavailable:
            raise
        except Exception as error:
            log.warning("piece not decoded", kind=type(error).__name__, attempt=attempt)
    await pool.run(_decode_silence, engine, source.language)
    raise PieceFailed


def _decode_silence(engine: Engine, language: str) -> None:
    """Raise EngineUnavailable if not even silence can be decoded: then no piece is at fault."""
    try:
        engine.transcribe(np.zeros(RATE, np.float32), language)
    except EngineUnavailable:
        raise
    except Exception as error:
        raise EngineUnavailable(ModelState.BROKEN, BROKEN) from error
