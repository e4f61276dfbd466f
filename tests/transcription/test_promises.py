"""What the receiving side undertakes, from the dialogues and from invented sentences; and what it does not."""

from pathlib import Path

import pytest

from server.protocol.base import Role
from server.protocol.drafting import DraftInput, Promise, Speaker
from server.protocol.transcript import Utterance
from tests.transcription.conftest import DEMO
from tests.transcription.test_labels import DIALOGUES, reference, spoken
from transcription.drafting import build_draft
from transcription.drafting.vocabulary import load_vocabulary
from transcription.labels import FieldScore, load_labels, plain, score_promises

SPEAKERS = (
    Speaker(id="petitioner", role=Role.PETITIONER, name="甲"),
    Speaker(id="leader", role=Role.LEADER, name="乙"),
    Speaker(id="clerk", role=Role.CLERK, name="丙"),
    Speaker(id="observer", role=Role.OBSERVER, name="丁"),
)


def said(text: str, who: str = "leader") -> DraftInput:
    return DraftInput(
        speakers=SPEAKERS, utterances=(Utterance(id="u", participant_id=who, start=0, end=3, text=text),)
    )


def found(text: str, who: str = "leader") -> tuple[Promise, ...]:
    return build_draft(said(text, who)).promises


def test_promises_of_the_dialogues_as_they_were_spoken() -> None:
    total = FieldScore()
    for name in DIALOGUES:
        sentences = reference(name)
        draft = build_draft(spoken(sentences))
        total += score_promises(draft, load_labels(DEMO / name / "labels.json"), sentences)
        texts = {f"u{i}": s.text for i, s in enumerate(sentences)}
        for promise in draft.promises:
            evidence = plain("".join(texts[id_] for id_ in promise.utterance_ids))
            assert all(plain(part) in evidence for part in (promise.who, promise.what, promise.by, promise.text))
    assert total.precision == 1.0, total.wrong
    assert total.recall >= 0.9, total.missing


@pytest.mark.parametrize(
    ("text", "who", "what", "by", "count", "unit"),
    [
        ("我让住建局一周内答复你。", "住建局", "答复你", "一周内", 1, "week"),
        ("您的事我让县民政局在3个工作日内处理。", "县民政局", "处理", "3个工作日内", 3, "workday"),
        ("请镇政府在五个工作日内拿出处理意见。", "镇政府", "拿出处理意见", "五个工作日内", 5, "workday"),
        ("由县自然资源局负责办理。", "县自然资源局", "由县自然资源局负责办理", "", None, None),
        ("我来督办。", "", "我来督办", "", None, None),
        ("这个案子由我包案。", "", "这个案子由我包案", "", None, None),
        ("三天之内先把账目查清楚。", "", "先把账目查清楚", "三天之内", 3, "day"),
        ("我让第二建筑公司三天之内把两万一千元付给您。", "第二建筑公司", "把两万一千元付给您", "三天之内", 3, "day"),
        ("十五日内书面告知您是否受理。", "", "书面告知您是否受理", "十五日内", 15, "day"),
        ("我马上给镇里的王书记打电话。", "", "给镇里的王书记打电话", "马上", None, None),
        ("下周一之前我们会派人到您家里核实。", "", "派人到您家里核实", "下周一之前", None, None),
        ("县住建局会派人去现场核实。", "县住建局", "派人去现场核实", "", None, None),
        ("我们一个月内把钱发到您手里。", "", "把钱发到您手里", "一个月内", 1, "month"),
        ("我让劳动监察大队的韩主任明天联系您。", "劳动监察大队的韩主任", "联系您", "明天", None, None),
        ("我们会在两三天内答复您。", "", "答复您", "两三天内", None, None),
        ("不要着急，我们会在十五日内答复您，您回去等消息。", "", "答复您", "十五日内", 15, "day"),
        ("按照规定，我们会尽快处理。", "", "处理", "", None, None),
        ("我让城管局今天就去把路障拆了。", "城管局", "就去把路障拆了", "今天", None, None),
        ("镇里负责把水管修好，十天之内完成。", "镇里", "把水管修好，十天之内完成", "十天之内", 10, "day"),
        ("一个星期之内，村委会把账目公开。", "村委会", "把账目公开", "一个星期之内", 1, "week"),
        ("我回头让县医保局的人联系您。", "县医保局的人", "联系您", "", None, None),
        ("县教育局会在开学前答复您。", "县教育局", "答复您", "开学前", None, None),
        ("您放心，这件事我负责到底。", "", "这件事我负责到底", "", None, None),
        ("我答应您，月底以前把路修好。", "", "把路修好", "月底以前", None, None),
        ("您的诉求我转给市民政局办理。", "市民政局", "您的诉求我转给市民政局办理", "", None, None),
        ("你放心，钱的事我盯着，十天内打到你卡上。", "", "打到你卡上", "十天内", 10, "day"),
        ("我安排信访局的小张明天就去你们村看看。", "信访局的小张", "就去你们村看看", "明天", None, None),
        ("回去以后我专门开个会研究，研究完了通知你。", "", "专门开个会研究，研究完了通知你", "", None, None),
        ("低保的事让民政所重新核一遍，结果书面告诉你。", "民政所", "重新核一遍，结果书面告诉你", "", None, None),
        ("您的材料我带回去，转给自然资源局。", "", "您的材料我带回去，转给自然资源局", "", None, None),
        ("责成石桥镇政府四十八小时内清运垃圾。", "石桥镇政府", "清运垃圾", "四十八小时内", 48, "hour"),
        # with a time no act has to be known
        ("水务局后天给你们村拉两车水。", "水务局", "给你们村拉两车水", "后天", None, None),
        ("县医院五天内把多收的费用退给您。", "县医院", "把多收的费用退给您", "五天内", 5, "day"),
        ("我们下周给您家门口铺上石子。", "", "给您家门口铺上石子", "下周", None, None),
        ("我现在就叫城管过去。", "城管", "过去", "现在", None, None),
        ("管委会那边，十天之内把围挡撤掉。", "管委会", "把围挡撤掉", "十天之内", 10, "day"),
        ("供暖之前，这段管子必须换掉。", "", "这段管子必须换掉", "供暖之前", None, None),
        ("年底前把塌了的桥墩重新砌起来。", "", "把塌了的桥墩重新砌起来", "年底前", None, None),
        ("补助款下周三到账。", "", "到账", "下周三", None, None),
        ("我现在去找财政局，本月底前把钱补齐。", "", "把钱补齐", "本月底前", None, None),
        # arranged, passed on, promised
        ("这件事农业农村局牵头，镇里配合。", "农业农村局", "牵头，镇里配合", "", None, None),
        ("我跟交通局讲，让他们中秋节前把路灯亮起来。", "交通局", "把路灯亮起来", "中秋节前", None, None),
        ("我向您保证，谁压着不办我追究谁。", "", "谁压着不办我追究谁", "", None, None),
        ("我回去再核实一遍，给你回话。", "", "核实一遍，给你回话", "", None, None),
    ],
)
def test_undertakings(text: str, who: str, what: str, by: str, count: int | None, unit: str | None) -> None:
    (promise,) = found(text)
    assert (promise.who, promise.what, promise.by) == (who, what, by)
    assert (promise.count, promise.unit) == (count, unit)
    assert promise.utterance_ids == ("u",)
    assert promise.text == text


@pytest.mark.parametrize(
    "text",
    [
        # questions
        "镇政府三天内给您答复了吗？",
        "要不要我让住建局答复您？",
        "我让住建局一周内答复你，行吗？",
        "是不是由县自然资源局负责办理的。",
        "供电公司的人后来去查过没有？",
        "住建局给你鉴定完了以后，结果怎么说？",
        # conditions
        "如果情况属实，我让住建局一周内答复你。",
        "要是镇政府不处理，我来督办。",
        "只要您提供材料，我们三天内就办结。",
        "材料齐全的话，我们会在五日内处理。",
        # denied, doubtful, weak
        "我不能保证三天内解决。",
        "我们不会处理这件事。",
        "这件事我们没办法处理。",
        "一周内解决不了。",
        "我们争取三天内答复您。",
        "我们可能会派人去看。",
        "三天内不一定办得好。",
        "镇政府应该会处理。",
        "我们尽量在月底前解决。",
        # done already, or told
        "教育局说了，名额满了就没办法。",
        "低保是按规定每年复核一次的。",
        "我们已经安排人去调查了。",
        "上次我让住建局答复您了。",
        "镇政府已经在五个工作日内拿出处理意见。",
        "他说镇政府会在三天内处理。",
        "老板答应三天内把钱发下来。",
        "听说县里会派人调查。",
        # the law, custom
        "法律规定六十日内办结。",
        "这类问题一般由镇政府负责办理。",
        "信访事项应当自受理之日起六十日内办结。",
        "条例规定十五日内书面告知。",
        "原则上三天内答复。",
        # the petitioner's to do
        "请您把工资欠条复印一份留下来。",
        "您可以向劳动监察大队投诉，也可以申请劳动仲裁。",
        "您收到答复后三十日内可以申请复查。",
        "您三天内把材料交给镇政府办理。",
        "请您在五日内联系村委会。",
        "让他们去找镇政府处理。",
        # this talk itself
        "今天由我来接待您。",
        "我来说一下办理的程序。",
        "我们会对谈话录音，请您确认。",
        "我来问您几个问题，您慢慢说。",
        "这个数字我再确认一下。",
        "请记录员把这一条记下来。",
        "您的心情我完全理解。",
        "我们会后再说。",
        "我来了解一下您之前的处理情况。",
        "我看一下处理意见。",
        "您反映的征地补偿问题，我们已经记录下来了。",
        "这是由县自然资源局批准的。",
        "工资三个月没发，是不对的。",
        "好的，谢谢您的配合。",
        "您去年找镇政府办理过。",
        "他给我打电话联系过。",
        "请安静。",
        # as they come in talks
        "您的材料我们收到了。",
        "您反映的问题很具体。",
        "镇政府当时是怎么处理的，您再说说。",
        "我理解您着急的心情。",
        "办理低保需要先向村委会申请。",
        "信访局负责受理，不负责审批。",
        "这个要由县里研究以后才能定。",
        "我们会认真对待每一位来访群众。",
        "您可以随时打这个电话找我。",
        "我先看一下您的材料。",
        "当时为什么没有在三十日内申请复查呢？",
        "国家规定的补偿标准是每亩四万二千元。",
        "您先坐，喝口水。",
        "土地承包合同由村委会负责保管。",
        "我来给您解释一下政策。",
        "您要相信政府会依法处理。",
        "三个月内的流水都要带来。",
        "我不敢说一定能办成。",
        "村里说下周给您解决，对吧？",
        "您说镇政府会派人来，后来来了没有？",
        "去年我们派人调查过一次。",
        "我让您等一等是有原因的。",
        "请您三天之内把合同送来。",
        "如果镇里再不办，您给我打电话。",
        "法院判决以后由执行局负责执行。",
        "钱的事情要等审计结果出来再说。",
        "现在我们核对一下您的电话。",
        "我把您说的再念一遍。",
        "我负责记录。",
        "您在这里签字，我们负责保管。",
        "这是民政局负责的，不归我们管。",
        "由县公安局处理过的，就不用再说了。",
        "我们会在记录上写清楚。",
        "我现在查一下您以前的记录。",
        "请局里的同志把门关上。",
        "您的补偿款由谁发放的？",
        "这件事涉及法院，我们不能干预。",
        "办低保是民政局负责的事。",
        "您在三十日内向上一级机关申请复核。",
        "镇里的同志已经跟我汇报过了。",
        "我刚才给王局长打过电话。",
        "我记得去年让交通局处理过。",
        "您能不能三天内把材料补齐？",
        "您三天内补齐材料就行。",
        "这是处理意见书，您看一下。",
        "我们把您的诉求整理一下。",
        "我今天来就是听您说的。",
        "政策要由上级决定。",
        "他们答应一周内答复你，是吗？",
        "那时候镇政府没有处理好。",
        "工作人员会带您去签字。",
        "会议将在三天内召开，您不用参加。",
        "您这个情况，按规定应由人社局办理。",
        "如果您同意，我们就把案子转给人社局办理。",
        "这类矛盾通常由村委会先调解。",
        "我们一起看一下这份协议。",
        "您不要去找镇政府处理了。",
        "十五日内不作出决定的，您可以申请复查。",
        "县里处理这个事情要时间。",
        "我们的工作没有做好，向您道歉。",
        "我们会保护您的隐私。",
        "我建议您去联系司法所。",
        "让我想想怎么解决。",
        "请问村委会是哪天通知您的。",
        "您当时交给谁办理的？",
        "材料由您本人送到局里办理。",
        "合同到期后由村委会收回。",
        "我不知道镇政府什么时候处理。",
        "我来介绍一下，这是司法局的老李。",
        "上级要求各县在三十天内完成排查。",
        "领导批示以后局里才能办。",
        "您打电话联系过哪个部门？",
        "您反映的问题属于县住建局负责。",
        "如果十五天内没有答复，您来找我。",
        "村里一直没有处理，这是他们不对。",
        "我们会议上讨论过您的事。",
        "您看这样处理可以吗？",
        "我会记住您的话。",
        "不是我们不处理，是没有政策。",
        "我们在三天内收到过您的信。",
        "五月份镇政府安排人去过。",
        "补偿标准由省政府制定。",
        "要解决这个问题，需要时间。",
        "我们会给您一份复印件。",
        "过去由乡里负责，现在由县里负责。",
        "请把情况告诉镇政府的工作人员。",
        "还有什么要我们协调的？",
        "我再给您念一遍处理意见。",
        "您先回去，等通知。",
        # with a time, and yet none
        "镇政府今天给大家发了通知。",
        "公司昨天下午把门锁了。",
        "三天之内把身份证复印件补交上来。",
        "教育局下周放假。",
        "路灯上周就装好了。",
        "我今天给您做个笔录。",
        "我现在请村里的王书记说两句。",
        "我跟财政局说过，让他们自己定。",
        "我可不敢给您保证什么时候发。",
        "我答应过他的事都办了。",
        "镇里配合得不好。",
        "民政局牵头的那个会您参加了没有？",
        "县里成立过工作组，后来撤了。",
    ],
)
def test_no_undertaking(text: str) -> None:
    assert found(text) == ()


@pytest.mark.parametrize("who", ["petitioner", "observer", "nobody"])
def test_only_the_receiving_side_undertakes(who: str) -> None:
    assert found("我让住建局一周内答复你。", who) == ()
    assert found("我让住建局一周内答复你。", "clerk")


def test_each_sentence_of_an_utterance_for_itself() -> None:
    promises = found("这个要求是合理的。我来督办。如果不行，我让镇政府处理。县住建局会在三天内答复您。")
    assert [promise.text for promise in promises] == ["我来督办。", "县住建局会在三天内答复您。"]


def test_an_office_adds_its_own_handlers_and_acts(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[words]\nhandlers = ["矿区"]\nacts = ["填埋"]', "utf-8")
    own, text = load_vocabulary(tmp_path / "own.toml"), said("请鸿运矿区十日内填埋。")
    assert build_draft(text).promises == ()
    (promise,) = build_draft(text, own).promises
    assert (promise.who, promise.what) == ("鸿运矿区", "填埋")
