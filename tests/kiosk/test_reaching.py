"""Whether a media node can be reached again, asked by the kiosk's program for its page."""

import asyncio
import time

import httpx
import pytest

from kiosk.reaching import Reaching
from kiosk.serving import Screens
from tests.ports import free_port

HERE = "http://127.0.0.1:8611"
OWN = {"x-jietan": "1"}


def page(headers: dict[str, str] = OWN, office: str = "") -> httpx.AsyncClient:
    """`/agent/reach` asks nothing of the kiosk."""
    app = Screens(None, httpx.AsyncClient(base_url=office), 8611)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE, headers=headers)


async def taken(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_the_page_is_answered_as_soon_as_the_node_is_there() -> None:
    port = free_port()
    async with page() as client:
        asked = asyncio.create_task(client.post("/agent/reach", json={"address": f"ws://127.0.0.1:{port}/signal"}))
        await asyncio.sleep(0.25)
        assert not asked.done()
        async with await asyncio.start_server(taken, "127.0.0.1", port):
            there = time.monotonic()
            assert (await asked).status_code == 204
    assert time.monotonic() - there < 5


async def test_without_an_address_it_is_the_office() -> None:
    async with await asyncio.start_server(taken, "127.0.0.1", port := free_port()), page(office=f"http://127.0.0.1:{port}") as client:
        assert (await client.post("/agent/reach", json={"address": ""})).status_code == 204


async def test_nobody_there_is_said_in_time() -> None:
    assert await Reaching().reached(f"ws://127.0.0.1:{free_port()}/signal", within=0.2) is False
    assert await Reaching().reached("ws://no-such-name.invalid:8601/signal", within=0.2) is False


@pytest.mark.parametrize("address", ["ftp://127.0.0.1:1/", "127.0.0.1:1", "ws://", "ws://127.0.0.1:99999/", "ws://" + "x" * 600])
async def test_what_is_no_address_is_refused(address: str) -> None:
    async with page() as client:
        assert (await client.post("/agent/reach", json={"address": address})).status_code == 422


async def test_only_pages_of_this_address_may_ask() -> None:
    async with page({}) as client:
        assert (await client.post("/agent/reach", json={"address": "ws://127.0.0.1:1/"})).status_code == 403
