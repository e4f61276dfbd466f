"""Renders the Jinja2 templates of web/templates with what every page needs."""

import hashlib
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.templating import Jinja2Templates
from markupsafe import Markup
from starlette.responses import Response

from server.clock import OFFICE_ZONE
from server.domain.alone import NOTICE, QUESTIONS
from server.domain.terms import STAFF_ROLE

WEB = Path(__file__).resolve().parents[2] / "web"
STATIC = WEB / "static"
WEEKDAYS = "一二三四五六日"

NAVIGATION = {
    "leader": (("/leader", "今天接谈"), ("/on-site", "现场接访"), ("/promises", "我答应的事"), ("/reception-days", "接访日"), ("/work", "待办"), ("/due", "到期"), ("/supervision", "督办"), ("/desk", "笔录"), ("/cases", "信访事项"), ("/stats", "统计"), ("/figures", "校对情况"), ("/lectures", "讲座")),
    "clerk": (("/desk", "笔录"), ("/leader", "接谈"), ("/on-site", "现场接访"), ("/reception-days", "接访日"), ("/joint-duty", "值班"), ("/work", "待办"), ("/cases", "信访事项"), ("/due", "到期"), ("/reviews", "每日评查"), ("/glossary", "词表"), ("/stats", "统计"), ("/figures", "校对情况"), ("/lectures", "讲座")),
    "handler": (("/work", "待办"), ("/cases", "信访事项"), ("/due", "到期"), ("/lectures", "讲座")),
    "supervisor": (("/supervision", "督办"), ("/observing", "旁听接谈"), ("/promises", "领导承诺"), ("/due", "到期"), ("/cases", "信访事项"), ("/stats", "统计"), ("/figures", "校对情况"), ("/lectures", "讲座")),
    "administrator": (("/admin", "管理"), ("/admin/kiosks", "终端")),
    "security": (("/admin/accounts", "账号授权"),),
    "auditor": (("/admin/log", "访问记录"),),
}


@cache
def _icons() -> dict[str, str]:
    """Drawings of static/icons.svg by name: the sprite is the only place where icons are kept."""
    sprite = (STATIC / "icons.svg").read_text()
    return dict(re.findall(r'<symbol id="(\w+)"[^>]*>(.*?)</symbol>', sprite))


def icon(name: str, classes: str = "") -> Markup:
    """Inline SVG of one icon; beside a word it needs no label of its own.  KeyError: no such icon."""
    return Markup('<svg class="icon {}" data-icon="{}" viewBox="0 0 24 24" aria-hidden="true">{}</svg>').format(
        classes, name, Markup(_icons()[name])
    )


def alone_form() -> dict[str, Any]:
    """What the kiosk asks of somebody alone, for its page."""
    return {"notice": NOTICE, **QUESTIONS.model_dump(mode="json")}


@cache
def _version(path: str, changed: int) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:10]


def asset(path: str) -> str:
    """URL of a file under static that changes when the file does.  Only for CSS, images and entry modules:
    a module that is also imported by others must have one URL or it would run twice."""
    return f"/static/{path}?v={_version(path, (STATIC / path).stat().st_mtime_ns)}"


@cache
def modules(path: str) -> tuple[str, ...]:
    """URLs of the modules that an entry module imports, directly or not: named in the page, they are fetched at once
    and not one after the other as each is read."""
    found: list[str] = []
    ahead = [path]
    for name in ahead:
        for url in re.findall(r'^import .*? from "(/static/[^"]+)";$', (STATIC / name).read_text(), re.MULTILINE):
            if url not in found:
                found.append(url)
                ahead.append(url.removeprefix("/static/"))
    return tuple(found)


def moment(value: datetime | None, *, weekday: bool = True) -> str:
    """A point in time as the office reads it: 11月21日 星期六 09:05; empty for None."""
    if value is None:
        return ""
    local = value.astimezone(OFFICE_ZONE)
    day = f" 星期{WEEKDAYS[local.weekday()]}" if weekday else ""
    return f"{local.month}月{local.day}日{day} {local:%H:%M}"


def clock(value: datetime | None, *, seconds: bool = False) -> str:
    """The time of day in the office, 09:05 or 09:05:30; empty for None."""
    if value is None:
        return ""
    return value.astimezone(OFFICE_ZONE).strftime("%H:%M:%S" if seconds else "%H:%M")


def navigation(role: object) -> tuple[tuple[str, str], ...]:
    """(path, words) of the main menu of a role; empty for anybody else."""
    return NAVIGATION.get(str(role), ())


def where_in_menu(role: object, path: str) -> str:
    """The entry of a role's menu to which this page belongs, the nearest one; empty: none."""
    return max((entry for entry, _ in navigation(role) if path.startswith(entry)), key=len, default="")


def role_label(role: object) -> str:
    """What a role is called on screens."""
    return next((words for known, words in STAFF_ROLE.items() if known == role), "")


templates = Jinja2Templates(directory=WEB / "templates")
"""Autoescape is on for .html."""

templates.env.trim_blocks = True
templates.env.lstrip_blocks = True
templates.env.globals.update(icon=icon, asset=asset, modules=modules, navigation=navigation, where_in_menu=where_in_menu, role_label=role_label, alone_form=alone_form)
templates.env.filters.update(moment=moment, clock=clock)


def render(request: Request, name: str, status: int = 200, **context: Any) -> Response:
    """The page made from template `name`; `actor` in the context fills the menu and the name at the top.

    Pages show what only this actor may see, so nothing keeps a copy of them.
    """
    context.setdefault("actor", None)
    context["status"] = status
    headers = {"Cache-Control": "no-store"}
    return templates.TemplateResponse(request, name, context, status_code=status, headers=headers)
