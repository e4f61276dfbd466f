"""Labels of the shipped dialogues, and the comparison of drafts with them, right ones and wrong ones."""

from pathlib import Path

import pytest

from server.protocol.base import Role
from server.protocol.drafting import Draft, DraftField, DraftInput, Speaker
from server.protocol.numbers import parse
from server.protocol.transcript import Utterance
from tests.transcription.conftest import DEMO
from transcription.drafting import build_draft
from transcription.evaluate import Sentence, load_reference
from transcription.labels import (
    FieldScore,
    Labels,
    SentenceLabel,
    ShortLabel,
    load_labels,
    plain,
    score_fields,
)

DIALOGUES = ("land", "wage", "free-land")
SPEAKERS = (
    Speaker(id="petitioner", role=Role.PETITIONER, name="甲"),
    Speaker(id="leader", role=Role.LEADER, name="乙"),
)


def reference(name: str) -> list[Sentence]:
    return load_reference(DEMO / name / "reference.json")


def spoken(sentences: list[Sentence]) -> DraftInput:
    """The reference as if it had been recognised without an error."""
    told = tuple(
        Utterance(id=f"u{i}", participant_id=s.speaker, start=s.start, end=s.end, text=s.text)
        for i, s in enumerate(sentences)
    )
    return DraftInput(speakers=SPEAKERS, utterances=told)


@pytest.mark.parametrize("name", DIALOGUES)
def test_labels_are_in_the_reference(name: str) -> None:
    sentences, labels = reference(name), load_labels(DEMO / name / "labels.json")
    said = {who: plain("".join(s.text for s in sentences if s.speaker == who)) for who in ("petitioner", "leader")}
    for field, label in labels.fields.items():
        if isinstance(label, SentenceLabel):
            assert not label.utterances & label.optional
            assert all(sentences[n].speaker == "petitioner" for n in label.utterances | label.optional), field
        elif field not in ("purpose", "category"):
            assert all(plain(value.split("（")[0]) in said["petitioner"] for value in label.values), field
    for promise in labels.promises:
        sentence = sentences[promise.utterance]
        assert sentence.speaker == "leader"
        assert all(plain(part) in plain(sentence.text) for part in (promise.who, promise.what, promise.by))
        assert promise.count is None or any(
            parse(promise.by[i:j]) == promise.count for i in range(len(promise.by)) for j in range(i + 1, len(promise.by))
        )


def test_a_folder_without_value_or_utterances_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text('{"fields": {"name": {}}, "promises": []}', "utf-8")
    with pytest.raises(ValueError, match="name"):
        load_labels(path)


# --- counting ---------------------------------------------------------------------------------------------------

LABELS = Labels(
    {
        "name": ShortLabel(("何德顺",)),
        "people": ShortLabel(("二十六个农民工", "二十六个")),
        "facts": SentenceLabel(frozenset({0, 1}), frozenset({2})),
        "litigation": SentenceLabel(frozenset(), frozenset()),
    },
    (),
)
SENTENCES = [
    Sentence("petitioner", start, start + 3.0, text, ())
    for start, text in ((0.0, "地被占了。"), (4.0, "树被铲了。"), (8.0, "就是这样。"), (12.0, "我叫何德顺。"))
]


def score(*given: tuple[str, str, tuple[str, ...]], at: dict[str, float] | None = None) -> FieldScore:
    starts = {f"u{i}": s.start for i, s in enumerate(SENTENCES)} | (at or {})
    told = tuple(
        Utterance(id=id_, participant_id="petitioner", start=start, end=start + 3, text="一句话。")
        for id_, start in starts.items()
    )
    lines = build_draft(DraftInput(speakers=SPEAKERS, utterances=told)).lines
    fields = tuple(DraftField(field=field, value=value, utterance_ids=ids) for field, value, ids in given)
    return score_fields(Draft(lines=lines, fields=fields), LABELS, SENTENCES)


def test_a_right_draft() -> None:
    found = score(("name", "何德顺。", ("u3",)), ("people", "二十六个", ("u3",)), ("facts", "…", ("u0", "u1", "u2")))
    assert found == FieldScore(right=("name", "people", "facts 0", "facts 1"))
    assert (found.precision, found.recall) == (1.0, 1.0)


def test_an_empty_draft_is_precise_and_finds_nothing() -> None:
    found = score()
    assert (found.right, found.wrong, len(found.missing)) == ((), (), 4)
    assert (found.precision, found.recall) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("field", "value", "ids", "wrong"),
    [
        ("name", "何德胜", ("u3",), "name"),
        ("name", "何德顺", (), "name"),
        ("name", "何德顺", ("nobody",), "name"),
        ("phone", "13800138000", ("u3",), "phone"),
        ("facts", "…", ("u3",), "facts 3"),
        ("facts", "…", (), "facts"),
        ("facts", "…", ("nobody",), "facts"),
        ("litigation", "法院", ("u0",), "litigation 0"),
    ],
)
def test_what_is_wrong(field: str, value: str, ids: tuple[str, ...], wrong: str) -> None:
    found = score((field, value, ids))
    assert found.wrong == (wrong,)
    assert found.right == ()


def test_two_utterances_of_one_sentence_count_once_and_one_outside_every_sentence_is_wrong() -> None:
    found = score(("facts", "…", ("u0", "half", "after")), at={"half": 1.5, "after": 40.0})
    assert (found.right, found.wrong) == (("facts 0",), ("facts",))


def test_scores_add_up() -> None:
    both = score(("name", "何德胜", ("u3",))) + score(("name", "何德顺", ("u3",)))
    assert (both.right, both.wrong) == (("name",), ("name",))
    assert both.precision == 0.5


# --- the shipped dialogues --------------------------------------------------------------------------------------


def test_fields_of_the_dialogues_as_they_were_spoken() -> None:
    total = FieldScore()
    for name in DIALOGUES:
        sentences = reference(name)
        total += score_fields(build_draft(spoken(sentences)), load_labels(DEMO / name / "labels.json"), sentences)
    assert total.precision >= 0.95, total.wrong
    assert total.recall >= 0.95, total.missing
