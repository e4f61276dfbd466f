"""Hotwords put names right and put none into anybody's mouth."""

from collections.abc import Sequence

import numpy as np
import pytest

from deploy.bench.noises import samples
from server.protocol.transcript import Utterance
from tests.transcription.conftest import settings
from transcription.boosting import said, unsupported
from transcription.engine import Heard, HeardWord, ModelState, WhisperEngine
from transcription.recognise import Source, Unheard, recognise
from transcription.segmenter import Segmenter, SegmenterOptions, Speech
from transcription.voice import RATE, Samples, Signal

NAMES = ("何德顺", "柳林镇", "石桥镇政府")
SPEECH = Speech(10.0, 14.0, np.full(4 * RATE, 1000, np.int16), 10.2, 13.8)


class Led:
    """In the place of a model: hears one thing with hotwords and another without."""

    name, state, message = "led", ModelState.READY, ""

    def __init__(self, boosted: str, plain: str) -> None:
        self.boosted, self.plain = boosted, plain
        self.decodings = 0

    def load(self) -> None:
        """Is ready."""

    def transcribe(
        self, signal: Signal, language: str, hotwords: Sequence[str] = (), *, quick: bool = False, careful: bool = False
    ) -> list[Heard]:
        self.decodings += 1
        text = self.boosted if hotwords else self.plain
        step = 3.2 / max(len(text), 1)
        words = [HeardWord(0.3 + n * step, 0.3 + (n + 1) * step, c, 0.95) for n, c in enumerate(text)]
        return [Heard(text, 0.3, 3.5, tuple(words), -0.1, 0.1, 1.0)] if text else []


def heard(boosted: str, plain: str) -> Utterance | Unheard | None:
    return recognise(Led(boosted, plain), SPEECH, Source("p", hotwords=NAMES))


@pytest.mark.parametrize(
    ("word", "text", "times"),
    [
        ("何德顺", "我叫何德顺。", 1),
        ("何德顺", "我叫和得顺", 1),
        ("何德顺", "我叫和得胜", 1),
        ("何德顺", "我叫黄德贵", 0),
        ("柳林镇", "家住刘林真，在柳林镇", 2),
        ("柳林镇", "家住柳河镇", 0),
        ("石桥镇", "家住石头镇", 0),
        ("何守田", "那块地", 0),
        ("李四", "里斯", 1),
        ("李四", "离婚", 0),
        ("Hua Wei", "在 huawei 上班", 1),
    ],
)
def test_what_sounds_alike_counts_as_said(word: str, text: str, times: int) -> None:
    assert said(word, text) == times


def test_a_word_written_more_often_than_it_was_said_is_told() -> None:
    assert unsupported(NAMES, "何德顺住柳林镇。", "和德顺住在那里") == ["柳林镇"]
    assert unsupported(NAMES, "何德顺，何德顺。", "何德顺") == ["何德顺"]


def test_a_name_that_was_said_is_put_right_without_a_doubt() -> None:
    utterance = heard("我叫何德顺", "我叫和得顺")
    assert isinstance(utterance, Utterance)
    assert (utterance.text, utterance.doubt, utterance.unboosted) == ("我叫何德顺", (), "")


def test_a_name_that_was_not_said_is_doubted_and_what_is_heard_without_it_is_kept() -> None:
    utterance = heard("我家的何德顺被占了", "我家的地被占了")
    assert isinstance(utterance, Utterance)
    assert (utterance.text, utterance.doubt, utterance.unboosted) == ("我家的何德顺被占了", ("boosted",), "我家的地被占了")


def test_names_over_nothing_and_names_in_a_loop_are_not_written() -> None:
    assert isinstance(heard("何德顺柳林镇", ""), Unheard)
    looping = heard("何德顺，何德顺，何德顺，何德顺", "我来反映问题")
    assert isinstance(looping, Utterance)
    assert (looping.text, looping.doubt) == ("我来反映问题", ())


def test_hotwords_change_no_other_word() -> None:
    """Of a reading that brings none of them in, and of one that has what is heard anyhow, nothing is taken."""
    for boosted, plain in (("我来犯映问题", "我来反映问题"), ("何德顺来犯映问题", "何德顺来反映问题")):
        utterance = heard(boosted, plain)
        assert isinstance(utterance, Utterance)
        assert (utterance.text, utterance.doubt) == (plain, ())


def test_where_both_readings_agree_a_quick_look_is_all_that_is_added() -> None:
    engine = Led("我来反映问题", "我来反映问题")
    recognise(engine, SPEECH, Source("p", hotwords=NAMES))
    assert engine.decodings == 2


# --- the small model, which was not trained with prompts and writes what it is told to expect --------------------


@pytest.fixture(scope="module")
def engine() -> WhisperEngine:
    engine = WhisperEngine(settings())
    engine.load()
    return engine


def hear(engine: WhisperEngine, sound: Samples, hotwords: Sequence[str]) -> list[Utterance]:
    segmenter = Segmenter(SegmenterOptions(9.0, 0.6, 0.35, 0.5), 0.0)
    pieces = [p for p in (*segmenter.feed(sound), *segmenter.finish()) if isinstance(p, Speech)]
    found = [recognise(engine, piece, Source("p", hotwords=tuple(hotwords))) for piece in pieces]
    return [one for one in found if isinstance(one, Utterance)]


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["street", "far_voices"])
def test_hotwords_are_not_written_over_noise(engine: WhisperEngine, name: str) -> None:
    assert [one.text for one in hear(engine, samples(name), NAMES)] == []


@pytest.mark.nightly
def test_a_hotword_that_nobody_said_is_never_written_without_a_doubt(engine: WhisperEngine, petitioner: Samples) -> None:
    """The petitioner says none of these."""
    found = hear(engine, petitioner, ("周志强", "临溪县信访局", "东风小区"))
    assert len(found) >= 4
    for one in found:
        if unsupported(("周志强", "临溪县信访局", "东风小区"), one.text, ""):
            assert "boosted" in one.doubt
            assert one.unboosted
