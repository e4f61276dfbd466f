"""FFmpeg 8 as a WHIP client (its `whip` muxer, through PyAV): a test picture as H.264 and a tone as Opus.

Usage: ffmpeg_whip.py URL TOKEN; it sends in real time until its standard input closes, and then takes its leave.
"""

import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

SIZE, FPS = (320, 240), 15
SAMPLES = 960


def send(url: str, token: str, stop: threading.Event) -> None:
    with av.open(url, "w", format="whip", options={"authorization": token, **certificate()}) as sink:
        video = sink.add_stream("libx264", rate=FPS, options={"tune": "zerolatency", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt, video.gop_size = *SIZE, "yuv420p", FPS
        video.codec_context.options["profile"] = "baseline"
        video.codec_context.bit_rate = 300_000
        audio = sink.add_stream("libopus", rate=48_000, layout="stereo")
        began, pictures, sounds = time.monotonic(), 0, 0
        print("begun", flush=True)
        while not stop.is_set():
            passed = time.monotonic() - began
            if passed < pictures / FPS and passed < sounds * 0.02:
                time.sleep(0.005)
            while pictures / FPS <= passed:
                sink.mux(video.encode(picture(pictures)))
                pictures += 1
            while sounds * 0.02 <= passed:
                sink.mux(audio.encode(sound(sounds)))
                sounds += 1


def certificate() -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "encoder")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(key, SHA256())
    folder = Path(tempfile.mkdtemp())
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    return {"cert_file": str(folder / "cert.pem"), "key_file": str(folder / "key.pem")}


def picture(number: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.full((SIZE[1], SIZE[0], 3), 5 * number % 256, np.uint8), format="rgb24")
    frame.pts, frame.time_base = number, Fraction(1, FPS)
    return frame.reformat(format="yuv420p")


def sound(number: int) -> av.AudioFrame:
    times = (np.arange(SAMPLES) + number * SAMPLES) / 48_000
    tone = (np.sin(2 * np.pi * 660 * times) * 8000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2).reshape(1, -1), format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, number * SAMPLES, Fraction(1, 48_000)
    return frame


if __name__ == "__main__":
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    if "-v" in sys.argv:
        av.logging.restore_default_callback()
        av.logging.set_level(av.logging.TRACE)
    send(sys.argv[1], sys.argv[2], stop)
