"""Two real transcribers as programs of their own, one of which is killed while somebody talks."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from server.media.transcribers import Access
from tests.media.client import until
from tests.media.test_transcribers import WITHIN_S, Stream, used
from tests.ports import free_port
from transcription.measuring import load_samples

ROOT = Path(__file__).parents[2]


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[list[tuple[subprocess.Popen[bytes], int]]]:
    """Two transcribers with the small model, as programs of their own."""
    started = []
    for port in (free_port(), free_port()):
        environment = os.environ | {
            "JIETAN_DATA_DIR": str(tmp_path), "JIETAN_CONFIG": str(tmp_path / "none.toml"),
            "JIETAN_TRANSCRIBER_KEY": "key", "JIETAN_TRANSCRIBER_PORT": str(port),
            "JIETAN_TRANSCRIBER_MODEL": str(ROOT / "deploy/demo/model"),
        }  # fmt: skip
        command = [sys.executable, "-m", "server.cli", "transcriber"]
        started.append((subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL), port))
    yield started
    for process, _ in started:
        process.kill()
        process.wait()


async def ready(port: int) -> None:
    async with httpx.AsyncClient() as client, asyncio.timeout(60):
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.1)


@pytest.mark.nightly
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_real_one_is_killed_in_mid_talk(
    processes: list[tuple[subprocess.Popen[bytes], int]], how: signal.Signals
) -> None:
    sound = load_samples(ROOT / "deploy/demo/land/petitioner.opus")[21 * 16_000 : 43 * 16_000].tobytes()
    for _, port in processes:
        await ready(port)
    async with used(*(Access(f"ws://127.0.0.1:{port}/live", "key") for _, port in processes)) as transcribers:
        stream = Stream(transcribers)
        stream.feed(sound, 2)
        await until(lambda: stream.utterances, "the first sentence")
        process = next(p for (p, _), one in zip(processes, transcribers._known, strict=True) if one.lines)
        decided = stream.tap.until
        process.send_signal(how)
        died = time.monotonic()
        await until(lambda: stream.tap.until > decided, "decided by the other", WITHIN_S)
        took = time.monotonic() - died
        await stream.fed()
        await stream.tap.finish(20)
    print(f"first decided sound {took:.2f} s after {how.name}")
    assert [u.text for u in stream.utterances] == [
        "我同意录音录像，您记录吧。", "我叫何德顺，今年六十三岁，是柳林镇上河村的村民。",
    ]  # fmt: skip
    assert stream.broken_off == []
