"""How the scripted expert of `make bench-desk` counts and moves."""

import pytest

from deploy.bench.expert import Hands, _move, share_out, typed
from server.protocol.transcript import Utterance


@pytest.mark.parametrize(("text", "keys"), [
    ("", 0),
    ("我", 2 + 1),
    ("我们", 2 + 3 + 1),
    ("我们好", 2 + 3 + 1 + 3 + 1),
    ("36800元。", 5 + 4 + 1 + 1),
    ("好，好", 3 + 1 + 1 + 3 + 1),
])
def test_a_character_costs_its_syllable_and_half_a_choice(text, keys):
    assert typed(text) == keys


class Board:
    def __init__(self) -> None:
        self.pressed: list[str] = []

    @property
    def keyboard(self) -> "Board":
        return self

    def press(self, key: str) -> None:
        self.pressed.append(key)


@pytest.mark.parametrize(("first", "last", "to", "keys"), [
    (5, 5, 3, ["ArrowLeft"] * 2),
    (20, 20, 1, ["Home", "ArrowRight"]),
    (0, 0, 19, ["End", "ArrowLeft"]),
    (4, 7, 3, ["ArrowLeft"] * 2),
    (4, 7, 8, ["ArrowRight"] * 2),
])
def test_the_caret_goes_the_shortest_way(first, last, to, keys):
    board = Board()
    hands = Hands(board)
    _move(hands, "二" * 20, first, last, to, ("Home", "End"))
    assert (board.pressed, hands.keystrokes) == (keys, len(keys))


def heard(number: int, start: float, end: float) -> tuple[str, Utterance]:
    return "leader", Utterance.model_construct(id=f"u{number}", start=start, end=end, text="听岔了")


def said(start: float, end: float, text: str) -> dict[str, object]:
    return {"speaker": "leader", "start": start, "end": end, "text": text}


def test_one_breath_that_was_heard_in_two_is_shared_out_and_nothing_is_left_out():
    reference = [said(0.0, 4.0, "您慢慢说。我都记着。")]
    assert share_out([heard(1, 0.0, 1.8), heard(2, 2.1, 4.0)], reference) == {"u1": "您慢慢说。", "u2": "我都记着。"}
    with pytest.raises(SystemExit, match="我都记着"):
        share_out([heard(1, 0.0, 1.8)], reference)
    with pytest.raises(SystemExit, match="听岔了"):
        share_out([heard(1, 0.0, 4.0), heard(2, 5.0, 6.0)], reference)
