"""One person's words in another's microphone are not written twice, and nobody's own words are taken for that."""

from itertools import pairwise

import pytest

from server.protocol.base import Role
from server.protocol.drafting import DraftInput, Speaker
from server.protocol.transcript import Utterance, Word
from transcription.drafting import build_draft, without_echoes
from transcription.drafting.echo import echo_of
from transcription.echoes import Echoes

QUESTION = "您反映的征地补偿款是哪一年的"
SPEAKERS = (Speaker(id="l", role=Role.LEADER, name="甲"), Speaker(id="p", role=Role.PETITIONER, name="乙"))


def said(who: str, text: str, at: float, *, pace: float = 0.2, uneven: float = 0.0) -> Utterance:
    starts = [at + i * pace + (uneven if i % 2 else -uneven) for i in range(len(text) + 1)]
    words = tuple(
        Word(start=max(a, 0), end=max(b, a, 0), text=c, probability=0.9)
        for (a, b), c in zip(pairwise(starts), text, strict=True)
    )
    end = at + len(text) * pace
    return Utterance(id=f"{who}{round(at * 100)}-{len(text)}", participant_id=who, start=at, end=end, text=text, words=words)


ASKED = said("l", QUESTION, 10.0)


@pytest.mark.parametrize("delay", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("text", [QUESTION, QUESTION.replace("征", "整"), QUESTION[2:], QUESTION[:9]])
def test_what_comes_back_by_an_even_delay_is_an_echo(delay: float, text: str) -> None:
    back = said("p", text, 10.0 + QUESTION.find(text[-3:]) * 0.2 - (len(text) - 3) * 0.2 + delay)
    assert echo_of(back, [ASKED]) is ASKED
    assert without_echoes([back, ASKED]) == (ASKED,)


@pytest.mark.parametrize(
    "own",
    [
        said("p", QUESTION, 13.5),
        said("p", QUESTION, 10.3, uneven=0.25),
        said("p", QUESTION, 10.0, pace=0.33),
        said("p", "对征地补偿款是零八年的", 10.9),
        said("p", "是的", 10.4),
        said("p", QUESTION + "这个我记不清了", 10.3),
        said("l", QUESTION, 10.3),
    ],
    ids=["repeats", "unevenly", "slowly", "answers", "short", "goes on", "the same person"],
)
def test_ones_own_words_are_kept(own: Utterance) -> None:
    assert echo_of(own, [ASKED]) is None
    assert without_echoes([ASKED, own]) == (ASKED, own)


def test_of_a_sentence_and_its_echo_one_line_is_written() -> None:
    answer = said("p", "是零八年的事", 14.0)
    echo = said("p", QUESTION, 10.25)
    draft = build_draft(DraftInput(speakers=SPEAKERS, utterances=(ASKED, echo, answer)))
    assert [(line.participant_id, line.text) for line in draft.lines] == [("l", QUESTION), ("p", "是零八年的事")]


def test_while_they_talk_each_reception_knows_its_own_words() -> None:
    echoes = Echoes()
    assert echoes.mark("r1", ASKED) == (ASKED, ())
    assert echoes.mark("r2", said("p", QUESTION, 10.3))[0].doubt == ()
    assert echoes.mark("r1", said("p", QUESTION, 10.3))[0].doubt == ("echo",)
    assert echoes.mark("r1", said("p", "是零八年的事", 14.0))[0].doubt == ()


def test_an_echo_that_is_finished_first_is_taken_back_when_what_it_repeats_is() -> None:
    echoes, back = Echoes(), said("p", QUESTION[:9], 10.3)
    assert echoes.mark("r1", back) == (back, ())
    assert echoes.mark("r1", said("p", "是零八年的事", 14.0))[1] == ()
    assert echoes.mark("r1", ASKED) == (ASKED, (back.id,))
    assert echoes.mark("r1", said("l", "好的我知道了", 16.0))[1] == ()
