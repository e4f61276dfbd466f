"""The web program: pages, JSON API and durable jobs in one process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import uvicorn
from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute

from server import pages
from server.api import (
    accounts,
    admin,
    agent,
    alike,
    alone,
    bookings,
    cases,
    choices,
    commitments,
    digests,
    figures,
    fleet,
    glossary,
    health,
    imports,
    intake,
    invitations,
    joint_duty,
    kiosk,
    kiosk_lock,
    lectures,
    ledger,
    letter_templates,
    letters,
    limits,
    lists,
    models,
    notices,
    on_site,
    papers,
    public,
    queueing,
    reader,
    reading,
    receptions,
    records,
    reviews,
    stats,
    whip,
    work,
)
from server.api.errors import add_handlers
from server.api.guard import Guard
from server.jobs.running import running_office
from server.pages.guidance import Guidance
from server.pages.static import Assets
from server.settings import Settings

ROUTERS = [
    module.router for module in (accounts, admin, agent, kiosk, kiosk_lock, receptions, invitations, records, alone, reading, reader, cases, choices, public, glossary, figures, reviews, lists, stats, digests, letters, letter_templates, notices, limits, imports, intake, work, alike, ledger, commitments, models, queueing, fleet, bookings, papers, lectures, joint_duty, on_site)
]
KEEP_ALIVE_S = 75
"""An idle connection is kept longer than clients keep theirs (httpx 5 s, a proxy 60 s), so that they close it first:
closed from here, it can meet a request on its way, which then fails though nothing was wrong."""


def create_app(settings: Settings) -> FastAPI:
    """The whole web program as an ASGI app; its lifespan opens the store and starts the jobs."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running_office(settings) as office:
            app.state.office = office
            yield

    app = FastAPI(title="接谈", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, settings=settings)
    add_handlers(app)
    app.mount("/static/audio", Guidance(settings), name="audio")
    app.mount("/static", Assets(), name="static")  # before the other routes: hundreds of paths would be compared first
    app.router.routes += _routes()
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """The routes of every app of this process: they keep nothing of an office, which they find in `app.state`, so that
    what FastAPI works out at a route's first request (0.1 s for all) it works out once, however many offices tests open.
    """
    table = APIRouter()
    table.include_router(health.router)
    for router in ROUTERS:
        table.include_router(router, prefix="/api")
    table.include_router(whip.router)
    pages.include(table)
    return tuple(table.routes)


def run(settings: Settings) -> None:
    """Serve until SIGTERM; returns when requests in progress have ended."""
    uvicorn.Server(server_config(settings)).run()


def server_config(settings: Settings) -> uvicorn.Config:
    """How the web program is served; who calls is taken from a proxy's word only where the proxy is trusted."""
    return uvicorn.Config(
        create_app(settings),
        host=settings.web_host,
        port=settings.web_port,
        log_config=None,
        access_log=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=KEEP_ALIVE_S,
        h11_max_incomplete_event_size=64 * 1024,
    )
