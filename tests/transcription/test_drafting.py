"""Drafts from the dialogues' words and from invented ones."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.states import FormField, Purpose
from server.jobs.running import use_own_words
from server.protocol.base import Role
from server.protocol.drafting import Draft, DraftInput, Speaker
from server.protocol.numbers import digit_runs, is_identity_number, money, parse, spoken
from server.protocol.transcript import Utterance, Word
from server.settings import Settings
from tests.transcription.conftest import DEMO
from transcription.drafting import build_draft, prepare
from transcription.drafting.fields import RULES, patterns, said_people
from transcription.drafting.promises import patterns as ways
from transcription.drafting.vocabulary import UnusableWords, in_use, load_vocabulary, use
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
        ("我没有别的要求，就是早点把路修好。", "requests", "我没有别的要求，就是早点把路修好。"),
        ("别的要求没有，我们只想把坟地留下来。", "purpose", "request"),
        ("我没有别的要求，就是来问问。", "requests", None),
        ("村干部没有别的要求，就是让我签个字。", "requests", None),
        # wishes: the petitioner's own, and wishes only
        ("村干部要求我们搬走。", "requests", None),
        ("他们要求我签字。", "requests", None),
        ("他们没有按要求施工。", "requests", None),
        ("他把钱给我弟弟了。", "requests", None),
        ("老板把工资给我了一半。", "requests", None),
        ("老板说把钱发下来。", "requests", None),
        ("这件事希望不大。", "requests", None),
        ("就是把我的押金退给我就行。", "requests", "就是把我的押金退给我就行。"),
        ("我们大家恳请政府修路。", "requests", "我们大家恳请政府修路。"),
        ("他们要求我签字。", "purpose", None),
        ("他们怀疑我举报了他们。", "purpose", None),
        ("我有意见书，请您看看。", "purpose", None),
        ("我就是把该退的钱给我。", "purpose", "request"),
        # how many
        ("我们三个月没有拿到工资。", "people", None),
        ("昨天他们一起来了五个人。", "people", None),
        ("我们村有十二户人家。", "people", None),
        ("我们一共来了五个人。", "people", "五个人"),
        # the unit complained about
        ("不是第二建筑公司拖欠我们工资。", "accused_unit", None),
        ("镇政府没有给我答复。", "accused_unit", None),
        ("我在宏达公司拖欠工资以后走了。", "accused_unit", None),
        ("听说宏达公司一直拖欠工资。", "accused_unit", "宏达公司"),
        ("公司拖欠我们工资。", "accused_unit", None),
        # places
        ("我儿子在滨河路的工地干活。", "problem_place", None),
        ("我在滨河路的工地干活。", "problem_place", "滨河路的工地"),
        # sums
        ("我为了看病还欠亲戚三万元。", "amount", None),
        ("我家还欠银行五万元。", "amount", None),
        ("每户还差三千元没有给。", "amount", None),
        # what was tried
        ("他们来找过我三次。", "tried_before", None),
        ("老板打过我。", "tried_before", None),
        ("村干部找过我谈话。", "tried_before", None),
        ("我没有去过信访局。", "tried_before", None),
        ("我到医院去过两次。", "tried_before", None),
        ("我向县劳动局反映过两回。", "tried_before", "我向县劳动局反映过两回。"),
        ("我打了三次市长热线。", "tried_before", "我打了三次市长热线。"),
        # papers
        ("合同他们不给我。", "materials", None),
        ("我没有带合同原件。", "materials", None),
        ("原件要不要带收据？", "materials", None),
        ("我交了材料费。", "materials", None),
        ("我带了病历和发票。对吗？", "materials", "我带了病历和发票。对吗？"),
        # courts
        ("老板让我去法院告他。", "litigation", None),
        ("我家就在法院旁边。", "litigation", None),
        ("如果不行我就去起诉。", "litigation", None),
        ("我没有打过官司。", "litigation", None),
        ("我去年起诉了，法院不受理。", "litigation", "我去年起诉了，法院不受理。"),
        # categories
        ("我不是来说宅基地的。", "category", None),
        ("宅基地和低保我都要反映。", "category", None),
        ("我家的地被征收了，补偿没有给够。", "category", "征地补偿"),
        ("老板拖欠我们农民工的工资。", "category", "拖欠农民工工资"),
        # in freer words
        ("石料厂欠我们工资，两万一千元。", "amount", "两万一千元（21000元）"),
        ("石料厂欠我们工资。", "accused_unit", "石料厂"),
        ("我是沙洲村的村民曹大勇。", "name", "曹大勇"),
        ("我是沙洲村的村民曹大勇。", "address", "沙洲村"),
        ("我是村民代表。", "name", None),
        ("环保局我们也跑过。", "tried_before", "环保局我们也跑过。"),
        ("老板也找过我。", "tried_before", None),
        ("照片、收据都在。", "materials", "照片、收据都在。"),
        ("合同都在公司手里。", "materials", None),
        ("求领导给我做主。", "requests", "求领导给我做主。"),
        ("村里求政府修路，政府不理。", "requests", None),
        ("我建议把站牌挪一挪。", "purpose", "suggestion"),
        ("我带了土地承包合同。", "category", None),
    ],
)
def test_single_sentences(said: str, field: str, value: str | None) -> None:
    found = values(build_draft(transcript(("petitioner", said))))
    assert found.get(field) == value


def said_in_passing() -> dict[str, list[tuple[str, str]]]:
    """Field → (what a petitioner says, what stands in the field), of passes/fields.txt."""
    found, field = dict[str, list[tuple[str, str]]](), ""
    for line in (Path(__file__).parent / "passes" / "fields.txt").read_text("utf-8").splitlines():
        if line.startswith("field:"):
            field = line.removeprefix("field:").strip()
        elif line and not line.startswith("#"):
            said, _, value = line.partition(" →")
            found.setdefault(field, []).append((said, said if value.strip() == "*" else value.strip()))
    return found


@pytest.mark.parametrize(("field", "cases"), said_in_passing().items())
def test_sentences_that_no_rule_was_made_from(field: str, cases: list[tuple[str, str]]) -> None:
    found = [(said, values(build_draft(transcript(("petitioner", said)))).get(field, "")) for said, _ in cases]
    assert found == cases


def test_a_sentence_that_tells_two_things_stands_in_both_fields_with_its_evidence() -> None:
    said = "前年修路占了我家三亩地，我找过镇政府三次，请领导帮我要回来。"
    draft = build_draft(transcript(("petitioner", "我来反映占地的事。"), ("petitioner", said)))
    resting = {field.field: field.utterance_ids for field in draft.fields if said in field.value}
    assert {field: ids for field, ids in resting.items() if field != "summary"} == {
        "facts": ("u0", "u1"), "tried_before": ("u1",), "requests": ("u1",)
    }  # fmt: skip
    assert values(draft)["summary"].count(said) == 1


@pytest.mark.parametrize("loop", ["钱款", "一百", "的钱", "家里", "补偿款", "是上河村", "我家的地被占了，"])
def test_a_loop_of_the_model_is_drafted_at_once(loop: str) -> None:
    """Patterns with many ways to read such a text would not come to an end."""
    said = f"答应{loop * 300}三万元。住在{loop * 100}。"
    assert build_draft(transcript(("petitioner", said))).lines[0].recognised == said


def test_a_bare_answer_counts_after_its_question_only() -> None:
    said = (("petitioner", "免贵姓罗，罗玉兰。"), ("petitioner", "南门镇西山村二组。"))
    asked = transcript(("leader", "您贵姓？"), said[0], ("leader", "您住在哪儿？"), said[1])
    found = values(build_draft(asked))
    assert (found["name"], found["address"]) == ("罗玉兰", "南门镇西山村二组")
    assert not {"name", "address"} & set(values(build_draft(transcript(("leader", "那条路在什么地方？"), *said))))


def test_a_number_that_is_said_in_groups_is_one_with_all_of_them_as_evidence() -> None:
    said = (("petitioner", "我的电话，一三八，零零。"), ("leader", "嗯。"), ("petitioner", "一三八，零。"), ("petitioner", "零零，记下了吗。"))
    draft = build_draft(transcript(*said))
    (field,) = [f for f in draft.fields if f.field == "phone"]
    assert (field.value, field.utterance_ids) == ("13800138000", ("u0", "u2", "u3"))
    other = build_draft(transcript(said[0], ("petitioner", "一共，一三八零零零。")))
    assert "phone" not in values(other)


def test_a_question_of_the_receiver_names_no_category_and_a_statement_does() -> None:
    asked = transcript(("leader", "您是为宅基地的事来的吗？"), ("petitioner", "嗯。"))
    stated = transcript(("leader", "您反映的宅基地问题记下了。"), ("petitioner", "嗯。"))
    assert "category" not in values(build_draft(asked))
    assert values(build_draft(stated))["category"] == "宅基地"


# --- an office's own words --------------------------------------------------------------------------------------


def test_an_office_adds_its_own_words(tmp_path: Path) -> None:
    extra = tmp_path / "words.toml"
    extra.write_text(
        """
        [[category]]
        name = "水库移民"
        said = ["移民+后期扶持"]

        [[category]]
        name = "低温补贴"
        said = ["烤火费"]

        [words]
        units = ["矿业"]
        materials = ["移民手册"]
        requests_to_the_end = ["把…补上"]
        agreed = ["拍了板"]
        happened = ["糟蹋了"]
        """,
        "utf-8",
    )
    own = load_vocabulary(extra)
    said = (
        "我们移民的后期扶持没有到位。", "鸿运矿业拖欠我们的钱。", "我带了移民手册。", "请把差的钱补上。", "镇里拍了板补偿三万元。",
        "庄稼都糟蹋了，我找过镇政府两回。",
    )  # fmt: skip
    talk = transcript(*(("petitioner", text) for text in said))
    with_own, without = values(build_draft(talk, own)), values(build_draft(talk))
    assert with_own["category"] == "水库移民"
    assert with_own["accused_unit"] == "鸿运矿业"
    assert with_own["materials"] == "我带了移民手册。"
    assert with_own["requests"] == "请把差的钱补上。"
    assert with_own["amount"] == "三万元（30000元）"
    assert said[-1] in with_own["facts"]
    assert said[-1] not in without["facts"]
    assert not {"category", "accused_unit", "materials", "requests", "amount"} & set(without)
    assert values(build_draft(dialogue("wage"), own))["accused_unit"] == "第二建筑公司"


def test_a_program_drafts_with_the_words_of_its_setting(tmp_path: Path) -> None:
    path, before = tmp_path / "own.toml", in_use()
    said = transcript(("petitioner", "我带了移民手册。"))
    try:
        path.write_text("[words]\nunites = []", "utf-8")
        use_own_words(Settings(drafting_words=path))
        assert "materials" not in values(build_draft(said))
        path.write_text('[words]\nmaterials = ["移民手册"]', "utf-8")
        use_own_words(Settings(drafting_words=path))
        assert values(build_draft(said))["materials"] == "我带了移民手册。"
    finally:
        use(before)


def test_what_was_prepared_is_not_made_again_by_the_first_draft(tmp_path: Path) -> None:
    path, before = tmp_path / "own.toml", in_use()
    path.write_text('[words]\nmaterials = ["移民手册"]', "utf-8")
    try:
        use(load_vocabulary(path))
        prepare()
        made = patterns.cache_info().misses, ways.cache_info().misses
        build_draft(transcript(("petitioner", "我带了移民手册。"), ("leader", "我让住建局一周内答复您。")))
        assert (patterns.cache_info().misses, ways.cache_info().misses) == made
    finally:
        use(before)


@pytest.mark.parametrize(
    "text",
    [
        "[words]\nunites = []",
        "units = ['矿业']",
        "[words]\nunits = ['']",
        "[words]\nunits = '矿业'",
        "[words]\nrequests = ['把…']",
        "[[category]]\nsaid = ['低保']",
        "[[category]]\nname = '低保'",
        "not toml",
    ],
)
def test_a_file_that_is_none_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "words.toml").write_text(text, "utf-8")
    with pytest.raises(UnusableWords, match=r"words\.toml"):
        load_vocabulary(tmp_path / "words.toml")


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
    elif field == "category":
        assert all(word in evidence for word in ("拖欠", "工资"))
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
