"""Silero voice activity detection (MIT), one stream at a time; the network ships inside faster-whisper."""

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

RATE = 16_000
FRAME = 512
"""Samples that get one probability (32 ms)."""
_CONTEXT = 64

Samples = NDArray[np.int16]
Signal = NDArray[np.float32]


def to_float(samples: Samples) -> Signal:
    """Signed 16-bit samples as floats from -1 to 1."""
    return samples.astype(np.float32) / 32768.0


@cache
def _session() -> onnxruntime.InferenceSession:
    spec = importlib.util.find_spec("faster_whisper")
    if spec is None or spec.origin is None:
        raise RuntimeError("faster-whisper is not installed")
    path = next((Path(spec.origin).parent / "assets").glob("silero_vad*.onnx"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"], sess_options=options)


class VoiceDetector:
    """Probability of voice per frame, with the network's memory carried from call to call."""

    def __init__(self) -> None:
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)

    def probabilities(self, signal: Signal) -> Signal:
        """One probability per 512 samples; `signal` is a whole number of frames."""
        if len(signal) % FRAME:
            raise ValueError("whole frames only")
        frames = signal.reshape(-1, FRAME)
        before = np.concatenate([self._context[None], frames[:-1, -_CONTEXT:]])
        inputs = {"input": np.concatenate([before, frames], axis=1), "h": self._h, "c": self._c}
        output, self._h, self._c = _session().run(None, inputs)
        self._context = frames[-1, -_CONTEXT:].copy()
        return np.asarray(output, np.float32).reshape(-1)
