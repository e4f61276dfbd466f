"""The pieces that need no model: segmenter, guard, text passes, evaluation, settings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from server.protocol.transcript import LiveRepaired, Utterance, Word
from tests.transcription.conftest import DEMO
from transcription.engine import Heard, HeardWord, ModelState
from transcription.evaluate import Character, align, load_reference, score
from transcription.guard import (
    Circumstances,
    check,
    loudness_db,
    mark_repairs,
    more_than_a_voice_says,
    syllables,
)
from transcription.phrases import all_phrases, letters_of, phrases_for
from transcription.recognise import Source, Unheard, recognise
from transcription.segmenter import Piece, Segmenter, SegmenterOptions, Silence, Speech
from transcription.settings import TranscriberSettings
from transcription.text import marks_at_end, marks_at_pauses, tidy, tidy_text
from transcription.voice import RATE, Samples


def word(text: str, start: float = 0.0, end: float = 0.2, probability: float = 0.99) -> Word:
    return Word(start=start, end=end, text=text, probability=probability)


def utterance(text: str, *, seconds: float = 4.0, probability: float = 0.99, **more: object) -> Utterance:
    step = seconds / len(text)
    words = tuple(word(c, i * step, (i + 1) * step, probability) for i, c in enumerate(text))
    given = {"id": "u", "participant_id": "p", "start": 0.0, "end": seconds, "text": text, "words": words, **more}
    return Utterance.model_validate(given)


def guarded(given: Utterance, start: float = 0.0, end: float = 4.0, **known: object) -> Utterance | None:
    """The utterance as the guard leaves it; its words' probabilities are known unless told otherwise."""
    values = [word.probability for word in given.words]
    sure = sum(values) / len(values) if values else None
    return check(given, Circumstances(start, end, **{"language": "zh", "sureness": sure, "loudness_db": -26.0, **known}))  # type: ignore[arg-type]


# --- segmenter --------------------------------------------------------------------------------------------------


def cut(samples: Samples, options: SegmenterOptions | None = None, block: int = 1600) -> list[Piece]:
    segmenter = Segmenter(options or SegmenterOptions(), 0.0)
    pieces = [p for i in range(0, len(samples), block) for p in segmenter.feed(samples[i : i + block])]
    return pieces + segmenter.finish()


def test_pieces_hold_exactly_the_sound_they_name(petitioner: Samples) -> None:
    speech = [p for p in cut(petitioner) if isinstance(p, Speech)]
    assert len(speech) == 4
    for piece in speech:
        first = round(piece.start * RATE)
        assert np.array_equal(piece.samples, petitioner[first : first + len(piece.samples)])
        assert piece.start <= piece.voice_start < piece.voice_end <= piece.end


def test_speech_begins_before_the_first_word_and_ends_after_the_last(petitioner: Samples) -> None:
    speech = [p for p in cut(petitioner) if isinstance(p, Speech)]
    spoken = [s for s in load_reference(DEMO / "land" / "reference.json") if s.speaker == "petitioner"]
    for piece, sentence in zip(speech, spoken, strict=False):
        assert piece.start < sentence.start
        assert piece.end > sentence.end


def test_too_long_speech_is_cut_without_loss(petitioner: Samples) -> None:
    pieces = cut(petitioner[47 * RATE : 64 * RATE], SegmenterOptions(max_s=4.0))
    speech = [p for p in pieces if isinstance(p, Speech)]
    assert len(speech) >= 4
    assert max(len(p.samples) for p in speech) <= 4.1 * RATE
    assert speech[1].start == speech[0].end


def test_silence_is_told_while_it_lasts_and_memory_stays_small() -> None:
    segmenter = Segmenter(SegmenterOptions(), 50.0)
    pieces = [p for _ in range(100) for p in segmenter.feed(np.zeros(8000, np.int16))]
    assert all(isinstance(p, Silence) for p in pieces)
    assert len(pieces) > 50
    assert 98.0 < pieces[-1].until <= 100.0  # type: ignore[union-attr]
    assert len(segmenter._kept) < RATE


def test_times_follow_a_seek(petitioner: Samples) -> None:
    segmenter = Segmenter(SegmenterOptions(), 0.0)
    segmenter.feed(petitioner[: 5 * RATE])
    segmenter.seek(1000.0)
    pieces = [*segmenter.feed(petitioner[22 * RATE : 28 * RATE]), *segmenter.finish()]
    speech = [p for p in pieces if isinstance(p, Speech)]
    assert speech[0].start == pytest.approx(1000.5, abs=0.4)


# --- guard ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["。", "……", " ， "])
def test_no_words_is_nothing(text: str) -> None:
    assert guarded(utterance(text)) is None


def test_training_phrase_over_noise_is_dropped_but_a_clear_one_is_kept() -> None:
    assert guarded(utterance("请不吝点赞", probability=0.3)) is None
    kept = guarded(utterance("谢谢观看", probability=0.97))
    assert kept is not None
    assert kept.doubt == ("known_phrase",)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (utterance("我家的地被占了", probability=0.45), "low_probability"),
        (utterance("没有给钱没有给钱没有给钱"), "repetition"),
        (utterance("您好今天由我来接待您", seconds=0.6), "fast_speech"),
        (utterance("我家的地被占了", compression_ratio=3.0), "high_compression"),
        (utterance("他们都说钱已经拨", seconds=2.5), "missing_words"),
        (utterance("我家的地被占了", avg_logprob=-1.2), "low_probability"),
        (utterance("我家的地被占了", no_speech_prob=0.7, avg_logprob=-0.3), "no_speech"),
    ],
)
def test_doubtful_text_is_kept_with_its_reason(given: Utterance, code: str) -> None:
    checked = guarded(given)
    assert checked is not None
    assert code in checked.doubt
    assert checked.text == given.text


def test_few_words_for_a_long_voice_and_a_faint_voice_are_doubtful() -> None:
    few = Utterance(id="u", participant_id="p", start=0, end=7, text="他们说", words=())
    checked = guarded(few, 0, 7, loudness_db=-55.0)
    assert checked is not None
    assert checked.doubt == ("missing_words", "faint")


def test_phrases_belong_to_a_language_and_each_says_where_it_was_seen() -> None:
    assert all(phrase.source and phrase.text == letters_of(phrase.text) for phrase in all_phrases())
    assert {language for phrase in all_phrases() for language in phrase.languages} == {"zh", "yue", "en", "ko", "ja", "tr", "ru"}
    for language in ("bo", "mn", "kk", "auto"):
        assert set(phrases_for(language)) == {phrase.text for phrase in all_phrases()}
    thanks = utterance("Thanks for watching!")
    heard = {language: guarded(thanks, language=language) for language in ("en", "zh", "auto")}
    assert [bool(one and one.doubt) for one in heard.values()] == [True, False, True]
    assert guarded(utterance("Thanks for watching!", probability=0.3), language="en") is None
    for language in ("mn", "kk"):
        made_up = guarded(utterance("Продолжение следует..."), language=language)
        assert made_up is not None
        assert made_up.doubt == ("known_phrase",)
    traditional = guarded(utterance("請不吝點贊 訂閱"), language="yue")
    assert traditional is not None
    assert traditional.doubt == ("known_phrase",)


def test_little_that_was_made_up_is_noted_but_no_doubt() -> None:
    said = utterance("我的承包地被收走了", seconds=2.0)
    repairs = [
        LiveRepaired(start=start, end=start + 0.04, how=how)
        for start, how in ((1.98, "concealed"), (1.0, "concealed"), (1.5, "recovered"), (5.0, "concealed"))
    ]
    marked = mark_repairs(said, repairs)
    assert (marked.concealed_s, marked.recovered_s, marked.doubt) == (0.06, 0.04, said.doubt)


@pytest.mark.parametrize("said", ["请您慢慢说，天天都来也可以", "这首歌作词作曲都是我，没给我钱", "字幕制作的工钱拖到现在"])
def test_ordinary_speech_has_no_doubt(said: str) -> None:
    checked = guarded(utterance(said), 0, 4.1)
    assert checked is not None
    assert checked.doubt == ()


def test_other_scripts_are_not_taken_for_hasty_speech() -> None:
    english = utterance("I would like to say that our land was taken away from us", seconds=3.0)
    tibetan = utterance("ང་ཚོའི་ས་ཞིང་བཟུང་སོང་།", seconds=1.6)
    for said in (english, tibetan):
        checked = guarded(said, said.start, said.end, language="en")
        assert checked is not None
        assert "fast_speech" not in checked.doubt
        assert not more_than_a_voice_says(said, said.end - said.start)
    assert more_than_a_voice_says(english, 1.0)
    assert syllables("我家4亩地，땅") == 6


# --- text -------------------------------------------------------------------------------------------------------


def test_spaces_go_beside_chinese_and_stay_in_latin() -> None:
    words = [word(" 我"), word(" 用"), word(" Windows"), word(" 10"), word("  系统"), word(" ")]
    assert "".join(w.text for w in tidy(words)) == "我用Windows 10系统"
    assert tidy_text(" 我 用  Windows 10 系统 ") == "我用Windows 10系统"


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("請問您的補償款發了沒有", "请问您的补偿款发了没有"),
        ("村裡面的麵條", "村里面的面条"),
        ("乾隆年间的房子", "乾隆年间的房子"),
        ("后来他着急了，头发都白了", "后来他着急了，头发都白了"),
    ],
)
def test_traditional_characters_become_simplified_and_words_keep_their_times(heard: str, written: str) -> None:
    words = [word(c, i * 0.2, i * 0.2 + 0.2) for i, c in enumerate(heard)]
    tidied = tidy(words)
    assert "".join(w.text for w in tidied) == written == tidy_text(heard)
    assert [(w.start, w.end) for w in tidied] == [(w.start, w.end) for w in words]
    assert "".join(w.text for w in tidy(words, "auto")) == written == tidy_text(heard, "auto")
    assert "".join(w.text for w in tidy(words, "ja")) == heard == tidy_text(heard, "ja")


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("补偿款发了没有? 没有,一分没给.", "补偿款发了没有？没有，一分没给。"),
        ("还差2.5亩, 3:30到的; 用app,然后上传", "还差2.5亩，3:30到的；用app，然后上传"),
        ("电话:13800001234,姓何!", "电话：13800001234，姓何！"),
        ("他说...不给", "他说...不给"),
    ],
)
def test_marks_beside_chinese_take_their_chinese_form_and_words_keep_their_times(heard: str, written: str) -> None:
    words = [word(c, i * 0.2, i * 0.2 + 0.2) for i, c in enumerate(heard)]
    tidied = tidy(words)
    assert "".join(w.text for w in tidied) == written == tidy_text(heard)
    assert [(w.start, w.end) for w in tidied] == [(w.start, w.end) for w in words if w.text != " "]
    assert tidy_text("Yes, I know. No!", "en") == "Yes, I know. No!" == tidy_text("Yes, I know. No!")


@pytest.mark.parametrize(
    ("heard", "ended", "written"),
    [
        ("我家的地被占了||一分钱没给", True, "我家的地被占了，一分钱没给。"),
        ("补偿款发了吗", True, "补偿款发了吗？"),
        ("他们说等到", False, "他们说等到"),
        ("没有，一分没给", True, "没有，一分没给"),
        ("our land", True, "our land"),
        ("", True, ""),
    ],
)
def test_a_model_that_writes_no_marks_gets_them_at_the_pauses(heard: str, ended: bool, written: str) -> None:
    words = [word(c, i * 0.2, i * 0.2 + 0.2) for i, c in enumerate(heard) if c != "|"]
    marked = list(marks_at_pauses(words, ended=ended))
    assert "".join(w.text for w in marked) == written
    assert [(w.start, w.end) for w in marked] == [(w.start, w.end) for w in words]


def test_a_text_without_word_times_gets_its_stop_once() -> None:
    given = ("补偿款发了吗", "一分没给", "一分没给。", "no marks")
    assert [marks_at_end(text, ended=True) for text in given] == ["补偿款发了吗？", "一分没给。", "一分没给。", "no marks"]
    assert marks_at_end("他们说等到", ended=False) == "他们说等到"


def test_where_the_model_finds_the_language_japanese_and_korean_keep_their_characters() -> None:
    for heard in ("補償の話です", "補償말씀입니다"):
        assert tidy_text(heard, "auto") == heard


def test_passes_keep_every_letter() -> None:
    words = [word(t) for t in (" a", "，", " 三", "万", " 元 ", "b c")]
    assert "".join(w.text for w in tidy(words)).replace(" ", "") == "a，三万元bc"


# --- evaluation -------------------------------------------------------------------------------------------------


def characters(text: str, start: float = 0.0) -> list[Character]:
    return [Character(c, start + i * 0.25) for i, c in enumerate(text)]


@pytest.mark.parametrize(
    ("heard", "spoken", "edits"),
    [("我来了", "我来了", 0), ("我来", "我来了", 1), ("我又来了", "我来了", 1), ("他来了", "我来了", 1), ("", "我来了", 3), ("我", "", 1)],
)
def test_edits(heard: str, spoken: str, edits: int) -> None:
    assert align(characters(heard), characters(spoken))[0] == edits


def test_the_same_words_far_away_do_not_count() -> None:
    assert align(characters("好的", 60.0), characters("好的"))[0] == 4


def test_score_of_the_reference_itself_is_perfect_and_swapped_speakers_show() -> None:
    reference = load_reference(DEMO / "wage" / "reference.json")

    def said(speaker_of: dict[str, str]) -> list[tuple[str, Utterance]]:
        return [
            (speaker_of[s.speaker], Utterance(id=f"u{i}", participant_id="p", start=s.start, end=s.end, text=s.text))
            for i, s in enumerate(reference)
        ]

    right = score(said({"petitioner": "petitioner", "leader": "leader"}), reference)
    assert (right.cer, right.speaker_errors, right.start_error_p95_s) == (0.0, 0, 0.0)
    swapped = score(said({"petitioner": "leader", "leader": "petitioner"}), reference)
    assert swapped.speaker_errors == len(reference)
    assert swapped.cer > 1


# --- recognition over other engines ----------------------------------------------------------------------------


SPEECH = Speech(10.0, 12.0, np.full(2 * RATE, 1000, np.int16), 10.35, 11.7)


class Scripted:
    """An engine that says what it is told, with words outside of the piece."""

    name, state, message = "scripted", ModelState.READY, ""

    def load(self) -> None:
        return

    def transcribe(self, *args: object, **more: object) -> list[Heard]:
        words = (HeardWord(0.0, 0.5, "我", 1.2), HeardWord(0.4, 9.0, "来", 0.9))
        return [Heard("我来", 0, 9, words)]


def test_word_times_stay_inside_the_piece_and_after_the_voice_begins() -> None:
    heard = recognise(Scripted(), SPEECH, Source("p"))
    assert isinstance(heard, Utterance)
    assert [(w.start, w.end) for w in heard.words] == [(10.25, 10.5), (10.4, 12.0)]
    assert heard.words[0].probability == 1.0


class Wavering:
    """An engine that is not sure, and hears something else (or the same) when the speed changes."""

    name, state, message = "wavering", ModelState.READY, ""

    def __init__(self, probability: float | None, again: str) -> None:
        self.probability, self.again, self.asked = probability, again, 0

    def load(self) -> None:
        return

    def transcribe(self, signal: Samples, *args: object, quick: bool = False, **more: object) -> list[Heard]:
        self.asked += 1
        text = self.again if quick else "我家的地被占了"
        words = () if quick else tuple(HeardWord(0.3 + i / 5, 0.5 + i / 5, c, self.probability) for i, c in enumerate(text))
        return [Heard(text, 0.3, 1.7, words)]


@pytest.mark.parametrize(
    ("probability", "again", "told"),
    [
        (0.95, "今天下雨了", ()),
        (0.7, "我家的地被占了", ()),
        (0.7, "我家的弟背着了", ("unstable",)),
        (0.7, "今天下大雨了吗", None),
        (None, "我家的地被占了", ()),
        (None, "我家今天下雨了", None),
    ],
)
def test_a_text_that_is_not_believed_has_to_be_heard_again(
    probability: float | None, again: str, told: tuple[str, ...] | None
) -> None:
    engine = Wavering(probability, again)
    heard = recognise(engine, SPEECH, Source("p"))
    assert engine.asked == (1 if probability and probability > 0.9 else 3)
    if told is None:
        assert heard == Unheard(SPEECH.voice_start, SPEECH.voice_end)
    else:
        assert isinstance(heard, Utterance)
        assert set(heard.doubt) - {"low_probability"} == set(told)


@pytest.mark.parametrize(
    ("level", "no_speech", "logprob", "asked", "said"),
    [(1000, 0.7, -1.3, 1, False), (1000, 0.7, -0.3, 1, True), (1000, 0.1, -1.3, 1, True), (3, 0.0, -0.1, 0, False)],
)
def test_what_is_certainly_no_speech_yields_nothing_and_is_told_as_a_voice(
    level: int, no_speech: float, logprob: float, asked: int, said: bool
) -> None:
    """What the model takes for silence and does not believe, and what is too faint for a voice; not either of the first alone."""
    times = []

    class Doubting(Wavering):
        def transcribe(self, *given: object, **more: object) -> list[Heard]:
            times.append(given)
            return [replace(part, no_speech_prob=no_speech, avg_logprob=logprob) for part in super().transcribe(*given, **more)]  # type: ignore[arg-type]

    speech = replace(SPEECH, samples=np.full(2 * RATE, level, np.int16))
    heard = recognise(Doubting(0.95, "我家的地被占了"), speech, Source("p"))
    assert len(times) == asked
    assert isinstance(heard, Utterance) == said
    assert said or heard == Unheard(10.35, 11.7)


def test_loudness_is_that_of_the_voice_alone() -> None:
    samples = np.concatenate([np.zeros(RATE, np.int16), np.full(RATE, 3277, np.int16)])
    assert loudness_db(Speech(0.0, 2.0, samples, 1.0, 2.0)) == pytest.approx(-20.0, abs=0.01)
    assert loudness_db(Speech(0.0, 2.0, samples, 0.0, 1.0)) == float("-inf")


# --- settings ---------------------------------------------------------------------------------------------------


def test_settings_come_from_the_shared_file_then_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "jietan.toml"
    file.write_text('web_port = 1\ntranscriber_port = 9001\ntranscriber_beam_size = 3\ntranscriber_model = "m"\n')
    monkeypatch.setenv("JIETAN_CONFIG", str(file))
    monkeypatch.setenv("JIETAN_TRANSCRIBER_BEAM_SIZE", "2")
    found = TranscriberSettings()
    assert (found.port, found.beam_size, found.model) == (9001, 2, "m")
    with pytest.raises(ValidationError):
        TranscriberSettings(max_utterance_s=60)


def test_every_setting_is_described() -> None:
    assert all(field.description for field in TranscriberSettings.model_fields.values())
