"""Characters written with a finger, read by the real library and its model."""

import threading
from pathlib import Path

import pytest

from kiosk.handwriting import MOST, Handwriting, NoHandwriting, Stroke, open_where_there_is_one
from kiosk.settings import KioskSettings
from server.protocol.screens import WRITING_EXTENT as EXTENT

WRITTEN: dict[str, list[Stroke]] = {
    "十": [[(180, 500), (820, 480)], [(500, 120), (500, 900)]],
    "王": [[(250, 220), (750, 210)], [(280, 500), (730, 490)], [(500, 220), (500, 800)], [(180, 820), (830, 810)]],
    "三": [[(280, 240), (720, 230)], [(320, 500), (690, 495)], [(180, 800), (830, 790)]],
    "口": [[(260, 280), (280, 760)], [(260, 280), (740, 270), (720, 760)], [(280, 740), (720, 740)]],
    "田": [
        [(230, 230), (240, 800)], [(230, 230), (780, 220), (770, 800)], [(240, 510), (770, 505)],
        [(500, 230), (500, 780)], [(240, 780), (770, 780)],
    ],
    "李": [
        [(220, 240), (790, 230)], [(500, 90), (500, 500)], [(490, 250), (380, 380), (200, 480)], [(510, 250), (640, 390), (820, 470)],
        [(320, 540), (660, 530), (520, 640)], [(520, 640), (530, 900), (430, 870)], [(170, 720), (840, 710)],
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def handwriting() -> Handwriting:
    return Handwriting(KioskSettings().handwriting_model)


def test_what_was_written_stroke_by_stroke_is_offered_mostly_among_the_first_three(handwriting: Handwriting) -> None:
    offered = {character: handwriting.read(strokes) for character, strokes in WRITTEN.items()}
    assert all(len(found) == len(set(found)) == MOST for found in offered.values())
    assert [character for character, found in offered.items() if character not in found] == []
    assert [character for character, found in offered.items() if character not in found[:3]] in ([], ["田"])


def test_small_or_large_and_where_it_stands_does_not_matter(handwriting: Handwriting) -> None:
    small = [[(x // 3 + 600, y // 3 + 100) for x, y in stroke] for stroke in WRITTEN["王"]]
    assert "王" in handwriting.read(small)[:3]


@pytest.mark.parametrize(
    "strokes",
    [[], [[]], [[(0, 0)]], [[(EXTENT, EXTENT)] * 400] * 64, [[(x % EXTENT, x * 7 % EXTENT) for x in range(400)]] * 20],
    ids=["nothing", "an empty stroke", "a dot", "as much as may be", "a scrawl"],
)
def test_what_is_no_character_breaks_nothing(handwriting: Handwriting, strokes: list[Stroke]) -> None:
    assert len(handwriting.read(strokes)) <= MOST


def test_several_threads_at_once_get_their_own_answers(handwriting: Handwriting) -> None:
    wrong: list[str] = []

    def read(character: str) -> None:
        wrong.extend(character for _ in range(20) if character not in handwriting.read(WRITTEN[character]))

    threads = [threading.Thread(target=read, args=(character,)) for character in WRITTEN]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_computer_without_the_model_has_no_handwriting(tmp_path: Path) -> None:
    with pytest.raises(NoHandwriting):
        Handwriting(tmp_path / "nowhere.model")
    broken = tmp_path / "broken.model"
    broken.write_bytes(b"\0" * 100)
    assert open_where_there_is_one(broken) is None
