"""The figures of a period as a printed report (PDF)."""

from sqlalchemy.orm import Session

from server import clock
from server.letters.typesetting import typeset
from server.protocol.figures import ShareView, Stats
from server.reception.figures import stats
from server.settings import Settings
from server.store.access import Actor

TEMPLATE = "figures"


def make(session: Session, settings: Settings, actor: Actor, key: str, organization_id: int | None) -> tuple[bytes, str]:
    """The report and its name.  Raises as stats.overview does."""
    told = stats.overview(session, settings, actor, key, organization_id)
    now = clock.now()
    data = _data(told) | {"made": f"{clock.today_in_office():%Y-%m-%d %H:%M} 生成"}
    made = typeset(TEMPLATE, data, settings.pdf_font_dir, format="pdf", timestamp=int(now.timestamp()))
    return made, f"信访工作情况-{told.organization}-{told.period}.pdf"


def _words(share: ShareView) -> str:
    return "—" if share.percent is None else f"{share.percent:.1f}%"


def _of(share: ShareView) -> str:
    return f"{share.part} / {share.whole}"


def _data(told: Stats) -> dict[str, object]:
    until = f"，算到 {told.until.month} 月 {told.until.day} 日" if told.until else ""
    figures = [[one.name, _words(one.now), _of(one.now), _words(one.a_year_before), one.remark] for one in told.figures]
    levels = [[one.name, _words(one.share), _of(one.share), "—" if one.target is None else f"{one.target}%", _short(one.target, one.short)] for one in told.video]
    months = [[one.words, _words(one.concluded), _of(one.concluded), _words(one.accepted), _of(one.accepted)] for one in told.months]
    units = [[one.name, _words(one.concluded), _words(one.accepted), _words(one.satisfied) + ("" if one.counts or not one.satisfied.whole else "（不作数）"), _words(one.rated)] for one in told.units]
    entered = [f"{one.body}的满意率，群众自己评的 {_words(one.by_petitioner)}（{_of(one.by_petitioner)}），工作人员代填的 {_words(one.by_staff)}（{_of(one.by_staff)}）。" for one in told.entered]
    return {
        "title": f"{told.words}信访工作情况", "office": told.organization, "span": told.span + until,
        "parts": [
            _part("一、指标", [f"登记信访事项 {told.registered} 件。"], ["指标", "本期", "件数", "去年同期", "说明"], figures, [5, 2, 3, 2, 5]),
            _part("二、领导远程视频接访比重", [], ["级别", "比重", "次数", "目标", "够不够"], levels, [4, 2, 3, 2, 3]),
            _part("三、按月", [], ["月份", "按期办结率", "件数", "及时受理率", "件数"], months, [2, 3, 3, 3, 3]),
            _part("四、各单位", [f"参评低于 {told.least_participation}% 的满意率不作数。"], ["单位", "按期办结", "及时受理", "满意率", "参评率"], units, [5, 3, 3, 4, 3]),
            _part("五、要人看一眼的", entered, ["什么", "件数"], [[one.name, str(one.cases)] for one in told.looks], [6, 2]),
            _part("六、怎么算的", [f"{one.name}：{one.formula}。依据：{one.source}。" for one in told.figures], [], [], []),
        ],
    }  # fmt: skip


def _short(target: int | None, short: int) -> str:
    return "—" if target is None else f"差 {short} 次" if short else "够"


def _part(title: str, lines: list[str], heads: list[str], rows: list[list[str]], widths: list[int]) -> dict[str, object]:
    return {"title": title, "lines": lines if rows or not heads else [*lines, "没有。"], "heads": heads, "rows": rows, "widths": widths}
