"""Draws the two moving pictures of the demo (petitioner.webm, leader.webm): run once, the files are committed.

    python deploy/demo/make_clips.py [folder]

A drawn person nods and speaks for four seconds; 640x360 at 15 pictures a second, a keyframe every second, so
that whoever joins late has a picture within a second although the file is sent as it is.
"""

import math
import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

WIDTH, HEIGHT, RATE, SECONDS = 640, 360, 15, 4
BIT_RATE = 350_000

Colour = tuple[int, int, int]
"""Red, green, blue."""
LOOKS: dict[str, dict[str, Colour]] = {
    "petitioner": {"wall": (226, 220, 206), "desk": (150, 118, 86), "coat": (84, 98, 112), "hair": (120, 120, 122)},
    "leader": {"wall": (208, 220, 228), "desk": (112, 88, 70), "coat": (38, 52, 78), "hair": (40, 36, 34)},
}
SKIN: Colour = (224, 186, 156)


def draw(look: dict[str, Colour], moment: float) -> np.ndarray:
    """One picture (HEIGHT x WIDTH x 3, RGB) at `moment` seconds; the movement closes after SECONDS."""
    picture = np.full((HEIGHT, WIDTH, 3), look["wall"], np.uint8)
    turn = 2 * math.pi * moment / SECONDS
    sway, nod = round(10 * math.sin(turn)), round(6 * math.sin(2 * turn))
    _window(picture, turn)
    centre = (WIDTH // 2 + sway, 165 + nod)
    cv2.ellipse(picture, (WIDTH // 2 + sway // 2, 350), (150, 120), 0, 0, 360, look["coat"], -1, cv2.LINE_AA)
    _head(picture, centre, look["hair"], mouth=abs(math.sin(6 * turn)))
    cv2.rectangle(picture, (0, 320), (WIDTH, HEIGHT), look["desk"], -1)
    return picture


def _window(picture: np.ndarray, turn: float) -> None:
    cv2.rectangle(picture, (40, 40), (170, 190), (240, 246, 250), -1)
    cloud = (105 + round(40 * math.sin(turn)), 95)
    cv2.ellipse(picture, cloud, (30, 12), 0, 0, 360, (200, 214, 226), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (40, 40), (170, 190), (170, 164, 152), 4)


def _head(picture: np.ndarray, centre: tuple[int, int], hair: Colour, mouth: float) -> None:
    x, y = centre
    cv2.rectangle(picture, (x - 22, y + 50), (x + 22, y + 100), SKIN, -1)
    cv2.ellipse(picture, (x, y - 18), (66, 76), 0, 0, 360, hair, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (x, y), (58, 74), 0, 0, 360, SKIN, -1, cv2.LINE_AA)
    for side in (-22, 22):
        cv2.circle(picture, (x + side, y - 10), 5, (50, 44, 40), -1, cv2.LINE_AA)
    cv2.ellipse(picture, (x, y + 36), (18, 3 + round(8 * mouth)), 0, 0, 360, (150, 84, 78), -1, cv2.LINE_AA)


def write_clip(path: Path, look: dict[str, Colour]) -> None:
    """Encode SECONDS of this person as VP8 in WebM."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=RATE, options={"deadline": "good", "cpu-used": "2"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate, stream.gop_size = BIT_RATE, RATE // 4  # a recording can start at any quarter second
        stream.codec_context.time_base = Fraction(1, RATE)
        for number in range(RATE * SECONDS):
            frame = av.VideoFrame.from_ndarray(draw(look, number / RATE), format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main(folder: Path) -> None:
    for name, look in LOOKS.items():
        write_clip(folder / f"{name}.webm", look)
        print(folder / f"{name}.webm", (folder / f"{name}.webm").stat().st_size, "bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
