"""A fingerprint pad's program for tests: writes a picture of ridges, or does what a broken one would."""

import sys
import time

import cv2
import numpy as np


def ridges() -> bytes:
    rows, columns = np.mgrid[0:200, 0:160]
    waves = np.sin(np.hypot(rows - 100, columns - 80) / 2.5) > 0
    finger = np.hypot((rows - 100) / 95, (columns - 80) / 70) < 1
    return bytes(cv2.imencode(".png", np.where(waves & finger, 0, 255).astype(np.uint8))[1].tobytes())


def main(how: str) -> int:
    if how == "hangs":
        time.sleep(60)
    written = {"endless": b"\x89PNG\r\n\x1a\n" + b"x" * 1_000_000, "words": b"no finger"}.get(how) or ridges()
    sys.stdout.buffer.write(written)
    return 1 if how == "fails" else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
