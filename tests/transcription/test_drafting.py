"""Drafts from the dialogues' words and from invented ones."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.states import FormField, Purpose
from server.protocol.base import Role
from server.protocol.drafting import Draft, DraftInput, Speaker
from server.protocol.transcript import Utterance, Word
from tests.transcription.conftest import DEMO
from transcription.drafting import build_draft
from transcription.drafting.fields import RULES, said_people
from transcription.drafting.numbers import digit_runs, is_identity_number, money, parse, spoken
from transcription.drafting.written import written_text

SPEAKERS = (
    Speaker(id="petitioner", role=Role.PETITIONER, name="甲"),
    Speaker(id="leader", role=Role.LEADER, name="乙"),
)


def transcript(*said: tuple[str, str]) -> DraftInput:
    """Sentences one after the other, 3 s each with a pause of 1 s."""
    utterances = (
        Utterance(id=f"u{i}", participant_id=who, start=i * 4.0, end=i * 4.0 + 3, text=text)
        for i, (who, text) in enumerate(said)
    )
    return DraftInput(speakers=SPEAKERS, utterances=tuple(utterances))


def dialogue(name: str) -> DraftInput:
    items = json.loads((DEMO / name / "reference.json").read_text("utf-8"))["utterances"]
    return transcript(*((u["speaker"], u["text"]) for u in items))


def values(draft: Draft) -> dict[str, str]:
    return {f.field: f.value for f in draft.fields}


def test_every_rule_fills_a_field_of_the_form() -> None:
    assert set(RULES) <= {str(f) for f in FormField}


def test_land() -> None:
    draft = build_draft(dialogue("land"))
    found = values(draft)
    assert len(draft.lines) == 38
    assert found["name"] == "何德顺"
    assert found["address"] == "柳林镇上河村"
    assert found["amount"] == "十一万元（110000元）"
    assert found["purpose"] == Purpose.REQUEST
    assert found["category"] == "征地补偿"
    assert found["requests"].startswith("我请求县自然资源局查清事实。")
    assert found["materials"] == "我带了征地协议和银行流水，都是复印件。"
    assert found["tried_before"].startswith("我去过镇政府三次")
    assert "litigation" not in found
    assert "accused_unit" not in found
    assert "id_number" not in found


def test_wage_takes_the_corrected_amount() -> None:
    found = values(build_draft(dialogue("wage")))
    assert found["amount"] == "五十四万八千元（548000元）"
    assert found["accused_unit"] == "第二建筑公司"
    assert found["problem_place"] == "滨河路的工地"
    assert found["people"] == "二十六个农民工"
    assert said_people(found["people"]) == 26
    assert found["category"] == "拖欠农民工工资"


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ("我叫车回家，他叫张三。", "name", None),
        ("我叫他过来，他不来。", "name", None),
        ("我是来反映问题，请您听听。", "name", None),
        ("我叫欧阳明华，住在城关镇西街社区。", "name", "欧阳明华"),
        ("我的身份证号是一一零一零五一九四九一二三一零零二X。", "id_number", "11010519491231002X"),
        ("我的身份证号是一一零一零五一九四九一二三一零零二一。", "id_number", None),
        ("电话是幺三八，零零一三，八零零零。", "phone", "13800138000"),
        ("他们一共差不多十九万多元。", "amount", None),
        ("还欠我三万六千八百元没有给。", "amount", "三万六千八百元（36800元）"),
        ("还欠我36,800元。", "amount", "36,800元（36800元）"),
        ("我吃饭花了二十元。", "amount", None),
        ("我要举报石桥镇政府，他们乱收费。", "purpose", "accusation"),
        ("我们对复查意见不服，要求重新处理。", "purpose", "appeal"),
        ("我想咨询一下低保怎么办。", "purpose", "enquiry"),
        ("这件事法院已经判决了。", "litigation", "这件事法院已经判决了。"),
        ("我没有别的要求。", "requests", None),
    ],
)
def test_single_sentences(said: str, field: str, value: str | None) -> None:
    found = values(build_draft(transcript(("petitioner", said))))
    assert found.get(field) == value


def test_what_only_the_leader_says_is_nobodys_claim() -> None:
    given_ = transcript(
        ("leader", "我叫王大明，住在柳林镇上河村，要求你们还欠我十一万元，我们去过法院。"),
        ("petitioner", "嗯。"),
    )
    assert build_draft(given_).fields == ()


def test_nothing_said_gives_an_empty_draft() -> None:
    assert build_draft(DraftInput(speakers=SPEAKERS, utterances=())) == Draft(lines=(), fields=())


# --- lines ------------------------------------------------------------------------------------------------------


def test_a_sentence_cut_by_the_segmenter_is_one_line() -> None:
    def part(id_: str, start: float, text: str) -> Utterance:
        words = tuple(Word(start=start + i / 10, end=start + (i + 1) / 10, text=c, probability=0.9) for i, c in enumerate(text))
        return Utterance(id=id_, participant_id="petitioner", start=start, end=start + len(text) / 10, text=text, words=words)

    cut = (part("a", 1.0, "我们村的地"), part("b", 1.6, "被征了。"), part("c", 2.2, "钱没给。"))
    lines = build_draft(DraftInput(speakers=SPEAKERS, utterances=cut)).lines
    assert [line.utterance_ids for line in lines] == [("a", "b"), ("c",)]
    assert lines[0].text == "我们村的地被征了。"
    assert "".join(w.text for w in lines[0].words) == lines[0].text
    assert lines[0].kind == "answer"


def test_sides_become_questions_and_answers() -> None:
    lines = build_draft(transcript(("leader", "您请说。"), ("petitioner", "我的地被占了。"))).lines
    assert [line.kind for line in lines] == ["question", "answer"]


# --- properties -------------------------------------------------------------------------------------------------

_PIECES = [
    "我叫", "张三丰", "李四", "，", "。", "住在", "柳林镇上河村", "我们", "二十六个", "农民工", "还差", "一共", "三万六", "十一万",
    "五千", "元", "要求", "请求", "希望", "第二建筑公司", "拖欠", "在", "滨河路的工地", "干活", "去过", "镇政府", "三次", "带来了",
    "协议", "法院", "写错了", "应该是", "一三八零零一三八零零零", "？", "举报", "每个人", "两万一千元", "谢谢", "36,800", "块钱",
]
_said = st.lists(
    st.tuples(
        st.sampled_from(["petitioner", "leader"]), st.lists(st.sampled_from(_PIECES), min_size=1, max_size=9).map("".join)
    ),
    max_size=8,
)


@given(_said)
def test_every_value_comes_from_its_evidence(said: list[tuple[str, str]]) -> None:
    given_ = transcript(*said)
    texts = {u.id: u.text for u in given_.utterances}
    draft = build_draft(given_)
    for field in draft.fields:
        assert field.utterance_ids
        evidence = "".join(texts[id_] for id_ in field.utterance_ids)
        _comes_from(field.field, field.value, evidence)
    assert "".join(line.recognised for line in draft.lines) == "".join(text for _, text in said)
    assert all(line.text == written_text(line.recognised) for line in draft.lines)


def _comes_from(field: str, value: str, evidence: str) -> None:
    if field == "purpose":
        assert re.search("举报|请求|要求|希望", evidence)
    elif field == "amount":
        match = re.fullmatch(r"(.+)（(\d+)元）", value)
        assert match
        assert match[1] in evidence
        assert parse(re.sub("元|块钱|块", "", match[1])) == int(match[2])
    elif field in ("phone", "id_number"):
        assert value in digit_runs(evidence)
    else:
        assert value in evidence


@given(st.integers(1, 999_999_999_999))
def test_numbers_convert_there_and_back(value: int) -> None:
    assert parse(spoken(value)) == value
    assert money(f"一共{spoken(value)}元")[0].yuan == value


@given(st.text("零一二三四五六七八九十百千万亿两", min_size=1, max_size=9))
def test_a_number_that_is_read_reads_back_the_same(text: str) -> None:
    value = parse(text)
    if value is not None:
        plain = text.replace("两", "二")
        plain = plain[1:] if plain.startswith("一十") else plain
        assert spoken(value).startswith(plain)


@pytest.mark.parametrize(
    ("text", "value"),
    [("三万六", 36000), ("三万零六", 30006), ("两万一千", 21000), ("一百一十", 110), ("5.4万", 54000), ("二零二四", None), ("三四千", None)],
)
def test_numbers_as_they_are_spoken(text: str, value: int | None) -> None:
    assert parse(text) == value


def test_identity_number_needs_its_check_digit() -> None:
    assert is_identity_number("11010519491231002X")
    assert not is_identity_number("110105194912310021")
