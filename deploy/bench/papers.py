"""`make bench-papers`: how well pages under the document camera are found, straightened and read.

Draws photographs of pages with known corners: perspective, shadow, curl, glare, clutter, blur, dim light, noise.  One JSON
line: found (share), corner_error_p50, corner_error_p95, corner_error_max (of the page's diagonal), missed (kinds of
pictures in which it was not found), refused_right (share of blurred and burnt-out shots that were refused), refused_wrong
(share of good ones that were), and with Debian's tesseract-ocr and tesseract-ocr-chi-sim installed character_error
of the straightened page beside that of the page before it was photographed, else null.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from kiosk.checks import paper
from kiosk.checks.paper import Corners, PageFault

FONT = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc"
SCENE = (1920, 1080)
KINDS = ("plain", "perspective", "shadow", "curl", "clutter", "dim", "pale_table", "across", "form", "everything")
SPOILT = ("blurred", "glare")
EACH = 12
WORDS = "征地补偿协议甲方石桥镇人民政府乙方何守田因修建村道占用乙方河边长田一亩二分补偿款三万六千八百元双方约定于二零二五年十二月底前付清此据为凭各执一份"


@dataclass(frozen=True)
class Shot:
    """A drawn photograph."""

    picture: NDArray[np.uint8]
    corners: Corners
    text: str
    page: NDArray[np.uint8]


def page_of(random_: random.Random, lines: bool = False) -> tuple[NDArray[np.uint8], str]:
    """An A4 page with writing, and what stands on it."""
    image = Image.new("RGB", paper.A4, (248, 247, 243))
    draw = ImageDraw.Draw(image)
    title, body = ImageFont.truetype(FONT, 60), ImageFont.truetype(FONT, 34)
    draw.text((420, 120), "补偿协议书", (20, 20, 20), title)
    said, y = "补偿协议书", 260
    for _ in range(18):
        start = random_.randrange(len(WORDS) - 24)
        line = WORDS[start : start + 24]
        draw.text((170, y), line, (25, 25, 30), body)
        said += line
        y += 70
        if lines:
            draw.line((150, y - 12, 1090, y - 12), (60, 60, 60), 2)
    if lines:
        draw.rectangle((150, 240, 1090, y - 12), outline=(60, 60, 60), width=2)
    draw.ellipse((760, 1400, 960, 1600), outline=(200, 40, 40), width=8)
    return np.asarray(image)[:, :, ::-1].copy(), said


def shot(kind: str, seed: int) -> Shot:
    """A photograph of this kind."""
    chance = random.Random(f"{kind}-{seed}")
    page, said = page_of(chance, lines=kind == "form")
    if kind in ("curl", "everything"):
        page = curled(page, chance)
    picture = table(kind, chance)
    corners = placed(kind, chance)
    drawn = np.ascontiguousarray(np.rot90(page)) if kind == "across" else page
    source = np.array([[0, 0], [drawn.shape[1], 0], [drawn.shape[1], drawn.shape[0]], [0, drawn.shape[0]]], np.float32)
    warp = cv2.getPerspectiveTransform(source, corners)
    over = cv2.warpPerspective(drawn, warp, SCENE, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full(drawn.shape[:2], 255, np.uint8), warp, SCENE)
    soft = (cv2.GaussianBlur(mask, (0, 0), 0.8) / 255.0)[:, :, None]
    picture = shadowed(picture, mask, 0.75)
    picture = (picture * (1 - soft) + over * soft).astype(np.uint8)
    picture = lit(kind, picture, corners, chance)
    return Shot(picture, corners, said, page)


def table(kind: str, chance: random.Random) -> NDArray[np.uint8]:
    """What the page lies on, with other things beside it."""
    tone = (205, 205, 200) if kind == "pale_table" else chance.choice(((60, 90, 130), (50, 50, 55), (90, 110, 100), (40, 60, 90)))
    picture = np.full((SCENE[1], SCENE[0], 3), tone, np.uint8)
    grain = np.random.default_rng(chance.randrange(1 << 30)).normal(0, 6, (SCENE[1] // 6, SCENE[0]))
    picture = np.clip(picture + cv2.resize(grain, SCENE)[:, :, None], 0, 255).astype(np.uint8)
    if kind in ("clutter", "everything"):
        for _ in range(5):
            left, top = chance.randrange(SCENE[0]), chance.randrange(SCENE[1])
            right, bottom = left + chance.randrange(60, 400), top + chance.randrange(30, 200)
            colour = [chance.randrange(30, 256) for _ in range(3)]
            cv2.rectangle(picture, (left, top), (right, bottom), colour, -1)
        cv2.line(picture, (100, 900), (700, 1010), (30, 30, 160), 26)
    return picture


def placed(kind: str, chance: random.Random) -> Corners:
    """Where the page's corners are in the picture."""
    high = chance.uniform(820, 960)
    wide = high / 2**0.5
    if kind == "across":
        high, wide = wide, high
    middle = np.array([SCENE[0] / 2 + chance.uniform(-160, 160), SCENE[1] / 2 + chance.uniform(-20, 20)])
    corners = np.array([[-wide, -high], [wide, -high], [wide, high], [-wide, high]]) / 2
    angle = np.radians(chance.uniform(-9, 9) if kind not in ("plain", "form") else chance.uniform(-3, 3))
    if kind == "across":
        angle /= 4
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if kind in ("perspective", "everything"):
        corners = corners * np.array([[0.86, 1], [0.86, 1], [1, 1], [1, 1]]) + [[chance.uniform(-25, 25), chance.uniform(-20, 20)] for _ in range(4)]
    found = corners @ turn.T * 0.94 + middle
    return np.asarray(np.clip(found, 6, [SCENE[0] - 7, SCENE[1] - 7]), np.float32)


def curled(page: NDArray[np.uint8], chance: random.Random) -> NDArray[np.uint8]:
    """Writing bent as on paper that was folded; the sides stay straight."""
    rows, columns = np.mgrid[: page.shape[0], : page.shape[1]].astype(np.float32)
    bend = chance.uniform(8, 16) * np.sin(columns / page.shape[1] * np.pi) * np.sin(rows / page.shape[0] * np.pi)
    return np.asarray(cv2.remap(page, columns, rows + bend.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def shadowed(picture: NDArray[np.uint8], mask: NDArray[np.uint8], strength: float) -> NDArray[np.uint8]:
    """The page's own shadow on the table."""
    fall = cv2.GaussianBlur(np.roll(mask, (8, 10), (0, 1)), (0, 0), 9)[:, :, None] / 255
    return np.asarray(picture * (1 - (1 - strength) * fall), np.uint8)


def lit(kind: str, picture: NDArray[np.uint8], corners: Corners, chance: random.Random) -> NDArray[np.uint8]:
    """Light, shadow of a hand or head, glare, blur and the sensor's noise."""
    light = np.ones((SCENE[1], SCENE[0]), np.float32)
    if kind in ("shadow", "everything"):
        edge = chance.uniform(0.35, 0.65) * SCENE[0]
        across = np.arange(SCENE[0])[None] + np.arange(SCENE[1])[:, None] * chance.uniform(-0.4, 0.4)
        light *= np.where(across < edge, 0.55, 1).astype(np.float32)
        light = cv2.GaussianBlur(light, (0, 0), 25)
    if kind == "dim":
        light *= 0.4
    values = picture.astype(np.float32) * light[:, :, None]
    if kind == "glare":
        spot = np.zeros((SCENE[1], SCENE[0]), np.float32)
        middle = corners.mean(axis=0).astype(int)
        cv2.ellipse(spot, (int(middle[0]), int(middle[1])), (170, 110), 20, 0, 360, 1, -1)
        values += 380 * cv2.GaussianBlur(spot, (0, 0), 20)[:, :, None]
    if kind == "blurred":
        values = cv2.GaussianBlur(values, (0, 0), chance.uniform(4, 7))
    noise = np.random.default_rng(chance.randrange(1 << 30)).normal(0, 2.5, values.shape)
    return np.clip(values + noise, 0, 255).astype(np.uint8)


def error(found: Corners, true: Corners) -> float:
    """The worst corner's distance, as a share of the page's diagonal."""
    diagonal = float(np.linalg.norm(true[2] - true[0]))
    return float(np.linalg.norm(found - true, axis=1).max()) / diagonal


def read(page: NDArray[np.uint8], kind: str) -> str:
    """What tesseract reads; a form without its lines, with which it reads nothing."""
    if kind == "across" and page.shape[1] > page.shape[0]:
        page = np.ascontiguousarray(np.rot90(page, -1))
    if kind == "form":
        page = without_lines(page)
    image = cv2.imencode(".png", page)[1].tobytes()
    environment = os.environ | {"OMP_THREAD_LIMIT": "1"}
    answer = subprocess.run(["tesseract", "-", "-", "-l", "chi_sim", "--psm", "6"], input=image, capture_output=True, check=True, timeout=120, env=environment)
    return "".join(answer.stdout.decode().split())


def without_lines(page: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Long straight strokes become paper."""
    dark = (cv2.cvtColor(page, cv2.COLOR_BGR2GRAY) < 170).astype(np.uint8)
    lines = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, 120), np.uint8)) | cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((120, 1), np.uint8))
    bare = page.copy()
    bare[cv2.dilate(lines, np.ones((5, 5), np.uint8)) > 0] = 245
    return bare


def wrong(text: str, heard: str) -> float:
    """Character error rate."""
    row = list(range(len(heard) + 1))
    for number, one in enumerate(text, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(heard, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (one != other))
    return row[-1] / len(text)


def shots(kinds: tuple[str, ...], each: int) -> Iterator[tuple[str, Shot]]:
    for kind in kinds:
        for seed in range(each):
            yield kind, shot(kind, seed)


def measured(each: int = EACH, *, reading: bool = True) -> dict[str, object]:
    """All figures."""
    errors, missed, wrongly = [], [], 0
    texts: list[tuple[float, float]] = []
    can_read = reading and shutil.which("tesseract") is not None
    for kind, one in shots(KINDS, each):
        found = paper.find(one.picture)
        if found is None or error(found, one.corners) > 0.1:
            missed.append(kind)
            continue
        errors.append(error(found, one.corners))
        wrongly += bool(paper.faults(one.picture, found))
        if can_read and len(errors) % each == 1:
            straight = paper.evened(paper.straightened(one.picture, found))
            texts.append((wrong(one.text, read(straight, kind)), wrong(one.text, read(one.page, kind))))
            print(f"{kind}: read with {texts[-1][0]:.3f} wrong, {texts[-1][1]:.3f} before it was photographed", file=sys.stderr)
    refused = [
        bool({PageFault.BLURRED, PageFault.GLARE, PageFault.NO_PAGE} & set(paper.faults(one.picture, paper.find(one.picture))))
        for _, one in shots(SPOILT, each)
    ]
    return {
        "bench": "papers",
        "shots": len(KINDS) * each,
        "found": round(len(errors) / (len(KINDS) * each), 3),
        **{f"corner_error_{name}": round(float(np.quantile(errors, q)), 4) for name, q in (("p50", 0.5), ("p95", 0.95), ("max", 1))},
        "missed": sorted(missed),
        "refused_right": round(sum(refused) / len(refused), 3),
        "refused_wrong": round(wrongly / max(1, len(errors)), 3),
        "character_error": round(float(np.mean([one for one, _ in texts])), 3) if texts else None,
        "character_error_before": round(float(np.mean([one for _, one in texts])), 3) if texts else None,
    }


if __name__ == "__main__":
    print(json.dumps(measured()))
