"""A county's cases, made up: seeded, so that the same seed and size always give the same rows.

Nobody in it exists: names are drawn from common characters, places are invented, telephone numbers begin with 100 and
ID numbers with 000000, which are never given out.  Whoever asks gets rows per table in portions, in the order in which
the tables depend on each other.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from server.clock import OFFICE_ZONE
from server.domain.casenumbers import case_number
from server.domain.states import CaseState as S
from server.domain.states import Channel, StaffRole
from server.store.search import search_tokens

Row = dict[str, Any]
PORTION = 5_000
RARE, RARE_CASES = "蛟潭", 40
"""A word that stands in so many cases at every size."""
COMMON = "补偿"
"""A word of two characters that stands in about a fifth of all."""
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国志玉红梅春生海燕云飞鹏辉宁波新民福贵昌盛德才文武学习安康永年守田长河水山石木林森松柏竹菊荷莲秋冬夏雪雨晴月星光耀祖宗孝义仁信礼智忠良善美珍宝银凤龙虎成功立业庆祥瑞和顺利达通远大江"
TOWNSHIPS = ("石桥镇", "柳湾镇", "安泰街道", "北关街道", "青岭乡", "白沙镇", "龙门坳乡", "双河镇", "东坪镇", "望江镇", "西塘镇", "南屏乡")
DEPARTMENTS = ("自然资源局", "人力资源和社会保障局", "住房和城乡建设局", "农业农村局", "民政局", "教育局", "卫生健康局", "医疗保障局", "交通运输局", "水利局",
               "生态环境局", "林业局", "市场监督管理局", "城市管理局", "退役军人事务局", "公安局", "财政局")  # fmt: skip
VILLAGES = [a + b + "村" for a in "上下大小东西前后新老长高" for b in "湾坪岭塘坝桥井湖坡沟坑垅畈埠"]
TOPICS: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("自然资源局", "征地补偿", "request", ("修路占了我家的地，补偿款一直没有发到手里", "征收水田时少量了一分多，补偿标准也没有公开", "安置房的面积和协议上写的不一样，补偿差价没人算"), ("重新丈量土地，把补偿款发下来", "公开征地的批文和补偿标准")),
    ("人力资源和社会保障局", "劳动报酬", "request", ("在开发区的工地干了四个月，包工头拖欠工资", "厂里停产以后拖欠工资，社保也断交了", "工伤鉴定做完了，单位不肯付医药费"), ("把拖欠的工资结清", "督促单位支付工伤待遇")),
    ("住房和城乡建设局", "房屋质量", "request", ("外墙渗水，物业推给开发商，开发商说过了保修期", "交房三年了，不动产证一直办不下来", "小区电梯经常停，维修基金不知道用到哪里去了"), ("派人来看现场，定下谁来修", "把不动产证办下来")),
    ("农业农村局", "农村土地", "appeal", ("承包地确权的时候，把我家的地登记到别人名下", "种粮补贴连续两年没有打到卡上", "合作社流转了土地，租金拖了三季没有给"), ("把登记改正过来", "查清补贴的去向")),
    ("民政局", "社会救助", "request", ("家里有病人，低保复核以后被取消了", "临时救助申请交上去三个月，没有答复", "五保老人住的房子漏雨，没有人管"), ("重新核查家庭收入", "给一个书面答复")),
    ("教育局", "学校教育", "enquiry", ("孩子户口在这里，学校说学位满了不收", "民办幼儿园突然涨价，退费也不给退", "代课教师的工龄一直没有认定"), ("安排就近入学", "说明收费的依据")),
    ("卫生健康局", "医疗服务", "appeal", ("手术以后伤口感染，医院不肯给病历复印件", "村卫生室没有人，买药要走十几里路", "体检收了两次钱，窗口说不能退"), ("组织一次医疗鉴定", "恢复村卫生室")),
    ("医疗保障局", "医保报销", "enquiry", ("在外地住院，回来报销的比例说法不一样", "慢性病门诊卡办了半年还没有下来", "医保断交三个月，补交以后不能报销"), ("按规定报销", "说明报销的比例")),
    ("交通运输局", "道路交通", "suggestion", ("通村公路修到一半停了，下雨天走不了车", "公交线路改了以后，老人看病要转两趟车", "大货车从村里过，路面压坏了没有人修"), ("把路修完", "恢复原来的站点")),
    ("水利局", "饮水水利", "request", ("自来水经常停，出来的水是黄的", "水库放水冲了鱼塘，没有人来核实损失", "三户人家还没有接上水"), ("把水接到家里", "核实损失，给予补偿")),
    ("生态环境局", "环境污染", "accusation", ("养殖场夜里往河里排污水，气味很大", "采石场离住房太近，墙裂了，灰尘也大", "饭店油烟正对着窗户，投诉几次没有结果"), ("责令整改", "公布检测结果")),
    ("公安局", "户籍治安", "enquiry", ("户口迁移时名字登记错了一个字，办不了社保", "邻里打架以后，对方一直没有赔医药费", "身份证丢了补办，窗口要的材料不一样"), ("把登记改正过来", "说明需要哪些材料")),
    ("城市管理局", "城市管理", "suggestion", ("夜市摆到消防通道上，车进不来", "拆除搭建的时候，把院墙也推倒了", "路灯坏了半年，报修了没有人来"), ("把通道清出来", "修好路灯，赔偿院墙")),
    ("退役军人事务局", "优抚安置", "request", ("优抚金从今年春天起少发了一截", "退役以后的安置岗位一直没有落实", "烈士墓地的路塌了，清明没法去扫墓"), ("把少发的补上", "落实安置岗位")),
)  # fmt: skip
MORE = ("前后找过村里和镇里好几次，都说再等等。", "问过窗口，说材料齐了，可是没有下文。", "家里老人身体不好，等不起。", "手里有当时的收据和照片。", "村民小组开过会，大家都按了手印。",
        "电话打了很多次，没有人接。", "去年登记过一次，答复和实际不一样。", "几户邻居也是一样的情况。")  # fmt: skip
OPENINGS = ("去年秋天", "今年春天", "前年冬天", "今年六月", "国庆节以后", "过了年以后", "从前年开始", "上个月")
CHANNELS = (Channel.LETTER, Channel.ONLINE, Channel.HOTLINE, Channel.ON_SITE, Channel.MAILBOX)
ENDS = ((S.CONCLUDED, 76), (S.REPLIED, 5), (S.NOT_ACCEPTED, 4), (S.GUIDED, 6), (S.NO_LONGER_ACCEPTED, 3), (S.REVIEWED, 4), (S.REEXAMINED, 2))
OPEN = ((S.REGISTERED, 34), (S.ASSIGNED, 26), (S.ACCEPTED, 40))
PATHS = {S.ASSIGNED: 1, S.ACCEPTED: 2, S.REPLIED: 3, S.CONCLUDED: 4, S.REVIEWED: 4, S.REEXAMINED: 4, S.NOT_ACCEPTED: 1}
"""How many of STEPS a case in this state has behind it."""
STEPS = (("assign", S.ASSIGNED, 3), ("accept", S.ACCEPTED, 9), ("reply", S.REPLIED, 44), ("conclude", S.CONCLUDED, 52))
"""Step, the state it leads to, days after registration."""
OPEN_DAYS = 75
"""Cases younger than this are mostly still open."""
YEARS = 5


@dataclass(frozen=True)
class Size:
    """How many cases, ending with this day."""

    cases: int
    today: date
    seed: int = 7


def organizations() -> list[Row]:
    """One county office with twelve townships and seventeen departments: thirty in all."""
    rows = [{"id": 1, "parent_id": None, "name": "临溪县信访局", "code": "LX", "path": "/1/", "level": "county"}]
    for number, name in enumerate((*TOWNSHIPS, *DEPARTMENTS), start=2):
        township = name in TOWNSHIPS
        rows.append({"id": number, "parent_id": 1, "name": f"{name}政府" if name[-1] in "镇乡" else name if township else f"县{name}",
                     "code": f"LX{number:02d}", "path": f"/1/{number}/", "level": "township" if township else "department"})  # fmt: skip
    return rows


def users(now: datetime) -> list[Row]:
    """Two accounts in each organization: a clerk and a handling officer; in the office a leader and a supervisor, too."""
    found: list[Row] = []
    for organization in organizations():
        roles = [StaffRole.CLERK, StaffRole.HANDLER]
        if organization["parent_id"] is None:
            roles += [StaffRole.LEADER, StaffRole.SUPERVISOR]
        for role in roles:
            number = len(found) + 1
            found.append({"id": number, "organization_id": organization["id"], "username": f"officer{number}", "name": f"经办{number}",
                          "title": "", "role": role, "password_hash": "", "active": True, "created_at": now})  # fmt: skip
    return found


def portions(size: Size) -> Iterator[dict[str, list[Row]]]:
    """Rows per table of PORTION cases at a time, cases in the order in which they came."""
    county = _County(size)
    for first in range(0, size.cases, PORTION):
        yield county.rows(range(first, min(first + PORTION, size.cases)))


def counters(size: Size) -> list[Row]:
    """Where the offices' running numbers stand after the last portion: above every number that was given."""
    years = {size.today.year - back for back in range(YEARS + 1)}
    return [{"name": f"case:{number}:{year}", "value": size.cases + 1} for number in range(1, 31) for year in sorted(years)]


class _County:
    def __init__(self, size: Size) -> None:
        self.size, self.draw = size, random.Random(size.seed)
        self.units = {row["name"].removeprefix("县"): row["id"] for row in organizations()}
        self.people = [self._person(number) for number in range(max(50, size.cases * 6 // 10))]
        self.counts: dict[tuple[int, int], int] = {}
        self.children: dict[str, int] = {}
        self.rare_every = max(1, size.cases // RARE_CASES)

    def _person(self, number: int) -> tuple[str, str, str, str]:
        draw = self.draw
        given = "".join(draw.choice(GIVEN) for _ in range(1 if draw.random() < 0.25 else 2))
        name = SURNAMES[min(int(draw.expovariate(0.05)), len(SURNAMES) - 1)] + given
        born = date(1940, 1, 1) + timedelta(days=draw.randrange(23_000))
        address = f"临溪县{draw.choice(TOWNSHIPS)}{draw.choice(VILLAGES)}{draw.randrange(1, 15)}组"
        return name, f"100{number % 100_000_000:08d}", f"000000{born:%Y%m%d}{number % 1000:03d}{number % 10}", address

    def rows(self, numbers: range) -> dict[str, list[Row]]:
        names = ("cases", "case_persons", "case_events", "assignments", "deadlines", "letters", "search_texts")
        found: dict[str, list[Row]] = {name: [] for name in names}
        for number in numbers:
            self._case(number, found)
        return found

    def _next(self, table: str) -> int:
        self.children[table] = number = self.children.get(table, 0) + 1
        return number

    def _case(self, number: int, found: dict[str, list[Row]]) -> None:
        draw, ident = self.draw, number + 1
        day = self.size.today - timedelta(days=int((self.size.cases - 1 - number) * 365 * YEARS / self.size.cases))
        at = datetime.combine(day, time(8 + number % 9, number % 60), OFFICE_ZONE)
        township = draw.randrange(len(TOWNSHIPS))
        office = 1 if draw.random() < 0.4 else township + 2
        department, category, purpose, wrongs, requests = draw.choice(TOPICS)
        main = self.units[department] if draw.random() < 0.75 else township + 2
        person = draw.choice(self.people)
        place = f"{TOWNSHIPS[township]}{draw.choice(VILLAGES)}"
        statement = self._statement(number, place, draw.choice(wrongs), draw.choice(requests))
        age = (self.size.today - day).days
        state = self._drawn(OPEN if age < OPEN_DAYS and draw.random() < 0.8 else ENDS)
        behind = PATHS.get(state, 0)
        if behind and STEPS[behind - 1][2] > age:  # nothing has happened that is still to come
            behind = sum(1 for _, _, days in STEPS if days <= age)
            state = STEPS[behind - 1][1] if behind else S.REGISTERED
        count = self.counts[office, day.year] = self.counts.get((office, day.year), 0) + 1
        number_words = case_number("LX" if office == 1 else f"LX{office:02d}", day.year, count)
        found["cases"].append({
            "id": ident, "organization_id": office, "year": day.year, "number": count, "case_no": number_words,
            "channel": draw.choice(CHANNELS), "source_ref": f"S{ident}", "state": state, "version": 1 + behind,
            "title": statement[:40], "petitioner": person[0], "purpose": purpose, "category": category, "place": place,
            "people": 1 if draw.random() < 0.92 else draw.randrange(2, 30), "litigation": state == S.GUIDED, "simple": False,
            "accusation": purpose == "accusation", "unit_id": main if behind else None, "received_on": day, "filed_at": at,
            "accepted_on": day + timedelta(days=9) if behind >= 2 else None,
            "concluded_on": day + timedelta(days=52) if behind >= 4 else None,
            "contacted_on": day + timedelta(days=40) if behind >= 3 and draw.random() < 0.9 else None,
            "statement": statement, "filed_record": {},
        })  # fmt: skip
        found["case_persons"].append({"id": self._next("case_persons"), "case_id": ident, "position": 0, "name": person[0], "phone": person[1],
                                      "id_type": "身份证", "id_number": person[2], "address": person[3]})  # fmt: skip
        self._history(found, ident, number_words, office, main if behind else None, state, behind, at)
        self._deadlines(found, ident, office, main, state, behind, day)
        parts = [number_words, str(count), person[0], statement[:40], statement, place, category]
        found["search_texts"].append({"case_id": ident, "tokens": search_tokens(parts, [office, main] if behind else [office])})

    def _statement(self, number: int, place: str, wrong: str, request: str) -> str:
        draw = self.draw
        odd = f"地名叫{RARE}。" if number % self.rare_every == 0 else ""
        amount = f"前后一共{draw.randrange(3, 900) * 100}元。" if draw.random() < 0.4 else ""
        more = "".join(draw.sample(MORE, 2))
        return f"{draw.choice(OPENINGS)}，{place}{wrong}。{odd}{amount}{more}请求{request}。"

    def _drawn(self, choices: tuple[tuple[S, int], ...]) -> S:
        return self.draw.choices([one for one, _ in choices], [weight for _, weight in choices])[0]

    def _history(
        self, found: dict[str, list[Row]], case: int, number: str, office: int, main: int | None, state: S, behind: int, at: datetime
    ) -> None:
        def add(kind: str, days: int, organization: int, before: str = "", after: str = "", why: str = "") -> None:
            found["case_events"].append({
                "id": self._next("case_events"), "case_id": case, "at": at + timedelta(days=days), "author": "经办1", "kind": kind,
                "why": why, "user_id": 1, "organization_id": organization, "from_state": before, "to_state": after, "details": None,
            })  # fmt: skip

        add("registered", 0, office, after=S.REGISTERED, why=number)
        if state != S.REGISTERED:
            add("screen", 1, office)
        before: str = S.REGISTERED
        for kind, after, days in STEPS[:behind]:
            add(kind, days, office if kind in ("assign", "conclude") else main or office, before, after)
            before = after
        if main is None:
            return
        given = at + timedelta(days=3)
        done = behind >= 3
        found["assignments"].append({
            "id": self._next("assignments"), "case_id": case, "organization_id": main, "kind": "assign", "part": "main",
            "state": "fed_back" if done else "received" if behind >= 2 else "sent", "task": "", "officer_id": None, "given_by": "经办1",
            "going_on": state in (S.ASSIGNED, S.ACCEPTED), "given_at": given, "received_at": given if behind >= 2 else None, "fed_back_at": at + timedelta(days=44) if done else None,
            "ended_at": None,
        })  # fmt: skip
        if done:
            found["letters"].append({
                "id": self._next("letters"), "case_id": case, "kind": "handling_opinion", "organization_id": main, "to_organization_id": None,
                "text": "经核查，情况属实，已经办理。", "author": "经办1", "issued_at": at + timedelta(days=44),
                "delivered_on": (at + timedelta(days=46)).date(), "delivered_how": "当面送达",
            })  # fmt: skip

    def _deadlines(self, found: dict[str, list[Row]], case: int, office: int, main: int, state: S, behind: int, day: date) -> None:
        def add(rule: str, whose: int, starts: int, length: int, done: int | None) -> None:
            met = None if done is None else day + timedelta(days=done)
            found["deadlines"].append({
                "id": self._next("deadlines"), "case_id": case, "organization_id": whose, "office_id": office, "rule": rule,
                "starts_on": day + timedelta(days=starts), "due_on": day + timedelta(days=starts + length),
                "done_at": None if met is None else datetime.combine(met, time(10), OFFICE_ZONE), "done_on": met, "dropped_at": None,
                "extended_days": 0, "extended_on": None,
            })  # fmt: skip

        add("register_and_refer", office, 0, 15, None if state == S.REGISTERED else 3)
        if behind >= 1:
            add("notify_acceptance", main, 3, 15, 9 if behind >= 2 or state == S.NOT_ACCEPTED else None)
        if behind >= 2:
            add("conclude", main, 9, 60, 44 if behind >= 3 else None)
