"""A page under the document camera: found, straightened, lit evenly, refused where it cannot be read.

Corners are in pixels of the picture that was given, in the order top left, top right, bottom right, bottom left.
`make bench-papers` measures it on drawn photographs of pages (deploy/bench/papers.py).
"""

from collections.abc import Iterator
from enum import StrEnum
from itertools import combinations, pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.checks.picture import Picture

Corners = NDArray[np.float32]
"""4 x 2: x, y."""
LOOK = 640
"""Longer side of the picture in which the page is looked for."""
SMALLEST = 0.08
"""Share of the picture: smaller is no page but a thing on the table."""
LARGEST = 0.985
STRAIGHT = 0.02
"""Of its length: an outline is a quadrilateral within so much."""
A4 = (1240, 1754)
"""150 dots an inch, enough to read 9 pt and to print."""
SHARP = 60.0
"""Variance of the Laplacian of a straightened page where it has writing: text in focus gives 200 and more."""
WHITE = 235
SMALL = 0.4
"""Of the height of A4 at 150 dots an inch: 60 dots an inch, at which 12 pt can still be read."""
SMALL_SHARE = 0.6
"""Of the shorter side of a live picture, whose dots are not those of the photograph."""
GLARE_SHARE = 0.02
EDGE = 0.004
"""Of the picture's sides: a page with two corners so near the rim goes on outside."""
QUALITY = 82
WHOLE = 2200
"""Longer side of a photograph that is kept as it is."""
MOST_LINES = 24
"""The longest ones among which the four sides of a page are looked for."""
ACROSS = 5
"""Dots of the small picture from a side of the page to where paper and table are compared."""
DIFFERS = 0.04
"""Logarithm of brightness: by so much paper and table differ where a side is seen."""
STEP, STEEP = 4, 0.6
"""So much of that difference lies within so many dots: more gradual is the rim of a shadow."""
SEEN, SEEN_SIDE = 0.5, 0.25
"""So much of its sides must be seen, and of each; less is no page but lines that happen to meet."""


class PageFault(StrEnum):
    NO_PAGE = "no_page"
    CUT_OFF = "cut_off"
    TOO_SMALL = "too_small"
    BLURRED = "blurred"
    GLARE = "glare"


NO_OUTLINE = frozenset({PageFault.NO_PAGE, PageFault.CUT_OFF, PageFault.TOO_SMALL})
"""These keep a page from being straightened, not the photograph from being read as it is."""
WORDS = {
    PageFault.NO_PAGE: "没有找到纸，请把纸平放在镜头下，四个角都露出来。",
    PageFault.CUT_OFF: "纸没有全在画面里，请往中间挪一挪，四个角都露出来。",
    PageFault.TOO_SMALL: "纸太小了，看不清字，请靠近一点。",
    PageFault.BLURRED: "拍糊了，请把手拿开，纸放平，等一下再拍。",
    PageFault.GLARE: "反光太强，有的字看不见，请把纸转一个方向，或者关掉上面的灯。",
}


def find(picture: Picture) -> Corners | None:
    """The page's corners; None: there is none.

    Outlines come from brightness, from paleness, from edges, and from straight lines, which a shadow across the page does
    not interrupt; the best is large, pale inside and has sides that are seen.  Where none has, there is no page.
    """
    scale = LOOK / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    smooth = cv2.bilateralFilter(small, 7, 40, 7)
    light = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_BGR2GRAY), np.uint8)
    masked = [quad for mask in _masks(np.asarray(smooth, np.uint8)) for quad in _quads(mask)]
    quads = _ordered(np.concatenate([np.array(masked, np.float32).reshape(-1, 4, 2), _between_lines(light)]))
    if not len(quads):
        return None
    worth = _worth(quads, light)
    best = int(worth.argmax())
    return _refined(quads[best] / scale, picture) if worth[best] > 0 else None


def _masks(image: Picture) -> Iterator[NDArray[np.uint8]]:
    """Where a page may be, by three signs."""
    lab = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2LAB), np.uint8)
    light = lab[:, :, 0]
    for level in (None, 0.75, 0.6):
        yield _closed(_split(light) if level is None else _mask(light > level * np.percentile(light, 97)), 7)
    yield _closed(_split(cv2.divide(light, _wide_blur(light), scale=128)), 7)
    colour = cv2.magnitude(lab[:, :, 1].astype(np.float32) - 128, lab[:, :, 2].astype(np.float32) - 128)
    yield _closed(_mask((colour < 14) & (light > np.percentile(light, 40))), 7)
    for low, high in ((20, 60), (50, 150)):
        edges = cv2.dilate(cv2.Canny(light, low, high), np.ones((3, 3), np.uint8))
        yield np.asarray(cv2.bitwise_not(edges), np.uint8)
        yield np.asarray(edges, np.uint8)


def _mask(condition: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.where(condition, 255, 0).astype(np.uint8)


def _split(values: cv2.typing.MatLike) -> NDArray[np.uint8]:
    """Light from dark, by Otsu's threshold."""
    return np.asarray(cv2.threshold(values, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1], np.uint8)


def _wide_blur(light: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Brightness of the surroundings; blurred small, for a wide filter takes a second."""
    small = cv2.GaussianBlur(cv2.resize(light, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA), (0, 0), LOOK / 40)
    return np.asarray(cv2.resize(small, light.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _closed(mask: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Without the holes that writing makes, and without threads to what lies beside."""
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (size, size))
    filled = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel, iterations=2)
    return np.asarray(cv2.morphologyEx(filled, cv2.MORPH_OPEN, kernel), np.uint8)


def _quads(mask: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
    """Quadrilaterals around what the mask shows."""
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    whole = mask.shape[0] * mask.shape[1]
    for contour in contours:
        hull = cv2.convexHull(contour)
        area = cv2.contourArea(hull)
        if not SMALLEST * whole < area < LARGEST * whole or cv2.contourArea(contour) < 0.75 * area:
            continue
        length = cv2.arcLength(hull, True)
        for tolerance in (STRAIGHT, 2 * STRAIGHT, 3 * STRAIGHT):
            corners = cv2.approxPolyDP(hull, tolerance * length, True)
            if len(corners) == 4 and cv2.contourArea(corners) > 0.85 * area:
                yield corners.reshape(4, 2).astype(np.float32)
                break


def _between_lines(light: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Quadrilaterals of which the sides lie on long straight lines."""
    lines = _lines(light)
    directions = lines[:, 2:]
    turned = np.abs(directions[:, None, 0] * directions[None, :, 1] - directions[:, None, 1] * directions[None, :, 0])
    meeting = _crossings(lines)
    beside = [(one, other) for one, other in combinations(range(len(lines)), 2) if turned[one, other] < 0.35]
    across = [(*one, *other) for one, other in combinations(beside, 2) if turned[one[0], other[0]] > 0.8]
    a, b, c, d = np.array(across, np.intp).reshape(-1, 4).T
    quads = np.stack([meeting[a, c], meeting[a, d], meeting[b, d], meeting[b, c]], axis=1)
    high, wide = light.shape
    inside = np.isfinite(quads).all(axis=(1, 2)) & (quads > -ACROSS).all(axis=(1, 2)) & (quads < [wide + ACROSS, high + ACROSS]).all(axis=(1, 2))
    size = _areas(quads) / (high * wide)
    return quads[inside & (size > SMALLEST) & (size < LARGEST)].astype(np.float32)


def _lines(light: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Point and direction of the longest straight lines; pieces of one line count together."""
    even = np.asarray(np.log1p(light.astype(np.float32)) * (255 / np.log(256)), np.uint8)
    found = cv2.createLineSegmentDetector().detect(even)[0]
    pieces = np.asarray([] if found is None else found, np.float64).reshape(-1, 2, 2)
    lengths = np.linalg.norm(pieces[:, 1] - pieces[:, 0], axis=1)
    kept = lengths > LOOK / 40
    pieces, lengths = pieces[kept], lengths[kept]
    groups: list[tuple[float, NDArray[np.float64]]] = []
    left = np.argsort(-lengths)
    while len(left) and len(groups) < 3 * MOST_LINES:
        point, way = pieces[left[0], 0], (pieces[left[0], 1] - pieces[left[0], 0]) / lengths[left[0]]
        off = np.abs((pieces[left] - point) @ np.array([-way[1], way[0]])).max(axis=1)
        same = left[off < 1 + 0.01 * LOOK]
        groups.append((float(lengths[same].sum()), _through(pieces[same].reshape(-1, 2))))
        left = left[off >= 1 + 0.01 * LOOK]
    groups.sort(key=lambda group: -group[0])
    return np.array([line for _, line in groups[:MOST_LINES]]).reshape(-1, 4)


def _through(points: NDArray[np.float64]) -> NDArray[np.float64]:
    right, down, x, y = cv2.fitLine(points.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
    return np.array([x, y, right, down], np.float64)


def _crossings(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where each line meets each other one; not finite for those that run beside each other."""
    points, ways = lines[:, :2], lines[:, 2:]
    across = np.stack([-ways[:, 1], ways[:, 0]], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = ((points[None] - points[:, None]) * across[None]).sum(axis=2) / (ways[:, None] * across[None]).sum(axis=2)
        return np.asarray(points[:, None] + far[..., None] * ways[:, None])


def _areas(quads: NDArray[np.floating]) -> NDArray[np.floating]:
    following = np.roll(quads, -1, axis=1)
    return np.abs((quads[..., 0] * following[..., 1] - quads[..., 1] * following[..., 0]).sum(axis=1)) / 2


def _worth(quads: NDArray[np.float32], light: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How much each is like a page: size times paleness inside times how much of its sides is seen; 0: it is none."""
    right, down = (grid.reshape(1, -1, 1) for grid in np.meshgrid(np.linspace(0.1, 0.9, 9), np.linspace(0.1, 0.9, 9)))
    top, bottom = ((1 - right) * quads[:, one, None] + right * quads[:, other, None] for one, other in ((0, 1), (3, 2)))
    pale = np.percentile(_at(light, (1 - down) * top + down * bottom), 60, axis=1) / 255
    shape = _areas(quads) / light.size * pale**0.5 * _square(quads)
    return np.asarray(shape * _seen(quads, light))


def _seen(quads: NDArray[np.float32], light: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How much of the sides of each is seen: there the inside is brighter than what lies around, or darker all along.

    A step counts, not a slope, which is the rim of a shadow.  Of one side nothing need be seen where it lies on the
    picture's rim: a page that goes on outside is found, to be called cut off.
    """
    following = np.roll(quads, -1, axis=1)
    along = following - quads
    inward = np.stack([-along[..., 1], along[..., 0]], axis=2) / (np.linalg.norm(along, axis=2, keepdims=True) + 1e-6)
    places = quads[:, :, None] + np.linspace(0.05, 0.95, 28)[:, None] * along[:, :, None]
    bright = np.log1p(light.astype(np.float32))
    across = np.stack([_at(bright, places + step * inward[:, :, None]) for step in range(-ACROSS, ACROSS + 1)], axis=3)
    differs = across[..., -1] - across[..., 0]
    steps = across[..., STEP:] - across[..., :-STEP]
    brighter = (differs > DIFFERS) & (steps.max(axis=3) > STEEP * differs)
    darker = (differs < -DIFFERS) & (steps.min(axis=3) < STEEP * differs)
    seen = np.where(brighter.mean(axis=(1, 2))[:, None] >= darker.mean(axis=(1, 2))[:, None], brighter.mean(axis=2), darker.mean(axis=2))
    rim = ((places < ACROSS) | (places > np.array(light.shape[::-1]) - 1 - ACROSS)).any(axis=3).mean(axis=2)
    least = np.sort(seen, axis=1)
    enough = (least[:, 1] > SEEN_SIDE) & (np.sort(np.maximum(seen, rim), axis=1)[:, 0] > SEEN_SIDE)
    share = np.maximum(seen, rim).mean(axis=1)
    return np.where(enough & (share > SEEN), share**2, 0)


def _at(values: NDArray[Any], places: NDArray[np.floating]) -> NDArray[Any]:
    """Values at these places (x, y); outside the picture those of its rim."""
    x = np.clip(np.rint(places[..., 0]).astype(int), 0, values.shape[1] - 1)
    y = np.clip(np.rint(places[..., 1]).astype(int), 0, values.shape[0] - 1)
    return values[y, x]


def _square(quads: NDArray[np.float32]) -> NDArray[np.floating]:
    """1 for right angles, less the further they are from that."""
    sides = np.roll(quads, -1, axis=1) - quads
    ways = sides / (np.linalg.norm(sides, axis=2, keepdims=True) + 1e-6)
    turns = np.abs((ways * np.roll(ways, -1, axis=1)).sum(axis=2))
    return np.maximum(0.05, 1 - turns.max(axis=1))


def _ordered(quads: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each with its corners top left, top right, bottom right, bottom left."""
    from_middle = quads - quads.mean(axis=1, keepdims=True)
    turns = np.argsort(np.arctan2(from_middle[..., 1], from_middle[..., 0]), axis=1)
    around = np.take_along_axis(quads, turns[..., None], axis=1)
    first = around.sum(axis=2).argmin(axis=1)
    return np.take_along_axis(around, ((first[:, None] + np.arange(4)) % 4)[..., None], axis=1)


def _refined(corners: Corners, picture: Picture) -> Corners:
    """Each side laid along the strongest edge near it, the corners where sides meet."""
    light = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (0, 0), 1.5).astype(np.float32)
    reach = max(6, round(max(picture.shape[:2]) * 0.012))
    sides = [_side(light, one, other, reach) for one, other in pairwise([*corners, corners[0]])]
    meeting = [_meeting(sides[number - 1], sides[number]) for number in range(4)]
    moved = np.array([new if new is not None else old for new, old in zip(meeting, corners, strict=True)], np.float32)
    near = np.linalg.norm(moved - corners, axis=1) < 3 * reach
    return np.where(near[:, None], moved, corners).astype(np.float32)


def _side(light: NDArray[np.float32], one: NDArray[np.float32], other: NDArray[np.float32], reach: int) -> NDArray[np.float64]:
    """Point and direction of a line through the strongest brightness steps across a side."""
    along = other - one
    across = np.array([-along[1], along[0]]) / (np.linalg.norm(along) + 1e-6)
    found = []
    for share in np.linspace(0.08, 0.92, 48):
        middle = one + share * along
        points = middle + np.arange(-reach, reach + 1)[:, None] * across
        values = cv2.remap(light, points[:, 0].astype(np.float32)[None], points[:, 1].astype(np.float32)[None], cv2.INTER_LINEAR)[0]
        steps = np.abs(np.diff(values))
        if steps.max() > 6:
            found.append(points[int(steps.argmax())] + 0.5 * across)
    if len(found) < 12:
        return np.array([*one, *(along / (np.linalg.norm(along) + 1e-6))], np.float64)
    right, down, x, y = cv2.fitLine(np.array(found, np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
    return np.array([x, y, right, down], np.float64)


def _meeting(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64] | None:
    directions = np.array([one[2:], -other[2:]]).T
    if abs(np.linalg.det(directions)) < 1e-3:
        return None
    return np.asarray(one[:2] + np.linalg.solve(directions, other[:2] - one[:2])[0] * one[2:], np.float64)


def straightened(picture: Picture, corners: Corners) -> Picture:
    """The page as A4, upright or across as it lies, 150 dots an inch."""
    wide = (np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2
    high = (np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])) / 2
    size = A4 if high >= wide else A4[::-1]
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    warp = cv2.getPerspectiveTransform(corners, target)
    return np.asarray(cv2.warpPerspective(picture, warp, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def evened(page: Picture) -> Picture:
    """Without shadows: divided by the paper's own brightness, colours kept."""
    small = cv2.resize(page, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.dilate(small, np.ones((9, 9), np.uint8))
    paper = cv2.resize(cv2.GaussianBlur(cv2.medianBlur(paper, 21), (0, 0), 6), page.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.divide(page, np.maximum(paper, 1), scale=WHITE), np.uint8)


def faults(picture: Picture, corners: Corners | None, *, sharp: bool = True) -> list[PageFault]:
    """Why this shot is not to be kept.  `sharp`: also whether its writing is in focus, which a small picture cannot tell."""
    if corners is None:
        return [PageFault.NO_PAGE]
    page = straightened(picture, corners)
    longest = max(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1))
    found = [PageFault.CUT_OFF] if _at_rim(picture, corners) else []
    least = SMALL * A4[1] if sharp else SMALL_SHARE * min(picture.shape[:2])
    found += [PageFault.TOO_SMALL] if longest < least else []
    if sharp and sharpness(page) < SHARP:
        found.append(PageFault.BLURRED)
    if glare(page) > GLARE_SHARE:
        found.append(PageFault.GLARE)
    return found


def _at_rim(picture: Picture, corners: Corners) -> bool:
    sides = np.array(picture.shape[1::-1], np.float32) - 1
    near = (np.minimum(corners, sides - corners) < EDGE * sides).any(axis=1)
    return int(near.sum()) >= 2


def sharpness(page: Picture) -> float:
    """Variance of the Laplacian where the page has writing; an empty page has none and counts as sharp."""
    light = np.asarray(cv2.cvtColor(evened(page), cv2.COLOR_BGR2GRAY), np.uint8)
    writing = cv2.dilate(_mask(light < WHITE - 70), np.ones((5, 5), np.uint8)) > 0
    if writing.mean() < 0.002:
        return float("inf")
    return float(cv2.Laplacian(light, cv2.CV_32F)[writing].var())


def glare(page: Picture) -> float:
    """Share of the page that is burnt out beside paper that is not."""
    light = np.asarray(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), np.uint8)
    burnt = cv2.morphologyEx(_mask(light >= 254), cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    return 0.0 if np.median(light) >= 250 else float((np.asarray(burnt) > 0).mean())


def whole(picture: Picture) -> Picture:
    """The photograph as it is, not larger than is needed."""
    scale = min(1.0, WHOLE / max(picture.shape[:2]))
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def whole_faults(picture: Picture) -> list[PageFault]:
    """Why a photograph is not to be kept as it is."""
    scale = WHOLE / max(picture.shape[:2])
    smooth = cv2.GaussianBlur(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), (0, 0), 1.0)
    return [PageFault.BLURRED] if sharpness(np.asarray(smooth, np.uint8)) < SHARP else []


def jpeg(page: Picture) -> bytes:
    return bytes(cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes())
