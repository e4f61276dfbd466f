"""Turns whatever goes wrong into the one shape of error answer: JSON for the API, a Chinese page for people."""

import secrets
import traceback
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from server.errors import (
    AccountFirst,
    InvalidInput,
    JietanError,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    TooLarge,
    Unavailable,
)
from server.pages.render import render
from server.protocol.base import ErrorBody
from server.reception.account.accounts import OWN

log = structlog.get_logger()

LABELS = {
    "username": "登录名",
    "password": "密码",
    "name": "姓名或名称",
    "title": "职务",
    "organization": "机构",
    "code": "代码",
    "phone": "电话",
    "matter": "什么事",
    "text": "内容",
    "value": "内容",
    "note": "说明",
    "reason": "原因",
    "image": "签名",
    "consent": "录音录像的选择",
    "last4": "电话后四位",
    "source_ref": "编号",
    "received_on": "收到日期",
    "id_type": "证件类型",
    "id_number": "证件号码",
    "address": "住址",
    "people": "人数",
    "statement": "反映内容",
    "purpose": "信访目的",
    "category": "内容类别",
    "place": "问题发生地",
    "accused_unit": "被反映单位",
    "channel": "渠道",
    "columns": "栏目",
    "save_as": "对照表的名字",
}
"""Chinese names of the API's fields, for sentences about what is wrong with them."""


WHIP_PATH = "/whip/"
INTAKE_PATH = "/api/intake/"
KEYED_PATHS = (WHIP_PATH, INTAKE_PATH)
"""Here programs come with a key in a header, which no foreign page can make a browser send: no cookie opens anything."""
FROM_ANYWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, WWW-Authenticate",
}


def add_handlers(app: FastAPI) -> None:
    """Register the handlers of every kind of error."""
    app.add_exception_handler(JietanError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OperationalError, _store_busy)


def is_api(path: str) -> bool:
    """Whether the caller of this path is a program rather than a person."""
    return path.startswith("/api/") or path in ("/healthz", "/readyz", "/metrics")


def answer(request: Request, error: JietanError, *, reference: str = "") -> Response:
    """The answer that tells about `error`, in the form that fits the path."""
    if is_api(request.url.path):
        return json_answer(error, reference)
    if request.url.path.startswith(WHIP_PATH):
        return problem_answer(error, reference)
    if isinstance(error, NotLoggedIn):
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(wanted)}", status_code=303)
    if isinstance(error, AccountFirst):
        return RedirectResponse(OWN, status_code=303)
    return render(
        request, "error.html", status=error.status, message=error.message, reference=reference, title=""
    )


def problem_answer(error: JietanError, reference: str = "") -> JSONResponse:
    """A problem statement (RFC 9457), which is what encoders know (RFC 9725 section 4)."""
    by_status = {
        401: {"WWW-Authenticate": 'Bearer realm="whip"'},
        503: {"Retry-After": "5"},
    }
    body = {"type": "about:blank", "title": error.message, "status": error.status, "code": error.code}
    body |= {"reference": reference} if reference else {}
    headers = FROM_ANYWHERE | by_status.get(error.status, {})
    return JSONResponse(body, error.status, headers, media_type="application/problem+json")


def json_answer(error: JietanError, reference: str = "") -> JSONResponse:
    """`{"error": ErrorBody}` with the error's status."""
    body = ErrorBody(code=error.code, message=error.message, reference=reference, details=error.details)
    return JSONResponse({"error": body.model_dump(mode="json")}, status_code=error.status)


def unexpected(request: Request, error: Exception) -> Response:
    """Log a fault of ours under a reference number and answer with that number."""
    reference = secrets.token_hex(4)
    log.error("unexpected error", reference=reference, path=_route(request), kind=type(error).__name__, at=_trace(error))
    shown = JietanError("系统出了点问题，已经记下来了。请再试一次；还不行就把下面的号报给管理员。", code="internal")
    shown.status = 500
    return answer(request, shown, reference=reference)


def _route(request: Request) -> str:
    route = request.scope.get("route")
    return str(getattr(route, "path", "")) or "(no route)"


def _trace(error: Exception) -> list[str]:
    """Where it happened, without messages: those can carry what people said."""
    return [f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)[-12:]]


async def _ours(request: Request, error: Exception) -> Response:
    if not isinstance(error, JietanError):
        raise error
    return answer(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    fields = field_messages(error.errors())
    first = next(iter(fields.values()), InvalidInput.message)
    return answer(request, InvalidInput(first, fields=fields))


def field_messages(errors: Sequence[Any]) -> dict[str, str]:
    """Chinese sentence for each wrong field, by its dotted path."""
    messages: dict[str, str] = {}
    for item in errors[:20]:
        path = [str(part) for part in item["loc"] if part not in ("body", "query", "path")]
        label = next((LABELS[part] for part in reversed(path) if part in LABELS), "")
        messages.setdefault(".".join(path), _sentence(item["type"], item.get("ctx") or {}, label))
    return messages


def _sentence(kind: str, context: dict[str, Any], label: str) -> str:
    what = f"“{label}”" if label else "填的内容"
    if kind == "string_too_long":
        return f"{what}太长，最多 {context.get('max_length')} 个字，请写短一些。"
    if kind == "string_too_short":
        return f"{what}太短，至少要 {context.get('min_length')} 个字。"
    if kind == "missing":
        return f"{what}还没有填。"
    if kind == "json_invalid":
        return "发来的内容读不出来，请刷新页面再试。"
    return f"{what}不对，请改一改。"


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    known: dict[int, type[JietanError]] = {401: NotLoggedIn, 403: NotAllowed, 404: NotFound, 413: TooLarge}
    shown = known.get(status, JietanError)()
    if status == 405:
        shown = JietanError("这个地址不支持这样用。", code="method_not_allowed")
    shown.status = status
    return answer(request, shown)


async def _store_busy(request: Request, error: Exception) -> Response:
    """The database is locked, full or away: nothing was written."""
    log.error("store not available", kind=type(error).__name__, at=_trace(error))
    return answer(request, Unavailable("数据库现在忙，这一步没有存上，请再试一次。", code="store_busy"))
