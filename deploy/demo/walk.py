"""What the demo does on a server that was just started: sets up an office, holds a reception, carries it through."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from figures import summary
from office_client import patiently, say
from paperwork import (
    NotAsExpected,
    ask_progress,
    check_recordings,
    correct_and_confirm,
    find_case,
    fully_recognised,
    record_of,
    sign,
)
from paperwork import file as file_record
from people import ACCOUNTS, PASSWORD, People, settle, strangers
from serving import DemoFailed, Serving
from talk import KILL_AT_S, Talk, hold

from kiosk.aioice_loopback import bind_media_to
from kiosk.office import OfficeRefused
from server.protocol.records import Record


def run(serving: Serving, dialogue: Path, once: bool, kill: str) -> int:
    """All of it; the exit status, 0 only if every step led where it should."""
    try:
        bind_media_to(["127.0.0.1"])
        figures = asyncio.run(demo(serving, dialogue, once, kill))
    except (DemoFailed, NotAsExpected, OfficeRefused, TimeoutError, ConnectionError, ExceptionGroup) as failed:
        say(f"\n{_first_cause(failed)}\n\n{serving.log_tail()}")
        return 1
    if figures is None:
        serving.wait()
    else:
        print(json.dumps(figures, ensure_ascii=False))
    return 0


async def demo(serving: Serving, dialogue: Path, once: bool, kill: str) -> dict[str, Any] | None:
    """The whole demo on a server that was just started; returns the figures if all was carried through."""
    people = strangers(serving.settings.base_url)
    say("正在启动，请稍等……")
    await serving.ready(people.public)
    await settle(people, serving.settings.data_dir)
    say("办公室、账号和接谈终端都建好了。")
    talk = await hold(people, dialogue, _killer(serving, kill) if kill else None)
    record = await record_of(people, talk.record_id)
    say_draft(talk, record)
    if not once:
        say_addresses(serving.settings.base_url, talk)
        return None
    return await carry_through(people, talk, record)


def _killer(serving: Serving, program: str) -> Callable[[], Coroutine[Any, Any, None]]:
    async def kill() -> None:
        await asyncio.sleep(KILL_AT_S)
        say(f"  （kill -9 {program}）")
        serving.kill(program)

    return kill


async def carry_through(people: People, talk: Talk, record: Record) -> dict[str, Any]:
    """Confirm, sign, file, look everything up again; returns the figures."""
    codecs = await video_codecs(people)
    record = await fully_recognised(people, record.id)
    await correct_and_confirm(people, record)
    say("接谈员逐句核对，已交群众看。")
    slip = await sign(people, record.id)
    case_no = await file_record(people, record.id)
    await find_case(people, case_no)
    progress = await ask_progress(people, slip)
    say(f"群众已签字，立案 {case_no}；凭查询码查到：{progress.state}。")
    filed = await record_of(people, record.id)
    if filed.state != "filed":
        raise NotAsExpected(f"the record is {filed.state}")
    return summary(talk, filed, await check_recordings(people, filed), codecs, case_no)


async def video_codecs(people: People) -> int | None:
    """How many video encoders and decoders the media node ever made."""
    overview = await patiently(people.administrator, "GET", "/api/admin/overview")
    node = overview["status"]["media"]
    return None if node is None else int(node["video_codecs_created"])


def say_draft(talk: Talk, record: Record) -> None:
    """The draft as it waits for the clerk."""
    say(f"\n接谈结束，{talk.draft_s:.1f} 秒后笔录草稿写好，共 {record.lines} 句，待校对。")
    for value in record.form:
        if value.value:
            say(f"  {value.label}：{dict(value.choices).get(value.value, value.value)}")
    for gap in record.gaps:
        say(f"  缺：{gap.text}")


def say_addresses(url: str, talk: Talk) -> None:
    """Where to go on by hand."""
    say(f"\n笔录草稿：{url}/desk/{talk.record_id}（用 clerk 登录）")
    say(f"登录：{url}/login    接谈终端：{url}/kiosk    群众查询：{url}/progress")
    say("演示账号（口令都是 " + PASSWORD + "）：" + "，".join(f"{name}（{who}）" for name, who in ACCOUNTS.items()))
    say(f"查询码 {talk.sitting.query_code}，手机后四位 {talk.sitting.phone_last4}")
    say("按 Ctrl-C 结束。")


def _first_cause(failed: Exception) -> str:
    while isinstance(failed, ExceptionGroup):
        failed = failed.exceptions[0]
    return f"{failed} {getattr(failed, 'message', '')}"
