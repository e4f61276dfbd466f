"""Puts the running office together and takes it apart again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from server.jobs import archiving, importing, lectures, reminding, stamping, workflows
from server.jobs.nodes import MediaNodes
from server.reception.account import accounts
from server.reception.kiosk import kiosk_lock
from server.reception.office import Office
from server.reception.paper import archiving as archives
from server.settings import Settings, make_private
from server.store import sole
from server.store.engine import Store
from server.store.migrate import migrate
from transcription import drafting
from transcription.drafting import vocabulary

log = structlog.get_logger()

CLEAR_EVERY_S = 60.0
DRAW_EVERY_S = 600.0
"""How soon after midnight yesterday's records are drawn from, at most."""
REMIND_EVERY_S = 30.0
"""How often it is looked whether reminders have work to do."""
SEND_EVERY_S = 5.0
"""How often it is looked whether a notice waits to be sent."""
STAMP_EVERY_S = 5.0
"""How often it is looked whether a time stamp is to be asked for."""
FIRST_LINK = "first-admin-link.txt"


@asynccontextmanager
async def running_office(settings: Settings) -> AsyncIterator[Office]:
    """The office with its store held and migrated, its jobs running and the media nodes followed.

    Raises AnotherWebProgram where the store is another one's.
    """
    make_private(settings.data_dir)
    store = Store(settings.store_url)
    with ExitStack() as held:
        held.callback(store.close)
        try:
            await asyncio.to_thread(held.enter_context, sole.alone(store.engine))
        except sole.AnotherWebProgram as error:
            log.error("the web program cannot start", reason=error.message)
            raise
        await asyncio.to_thread(migrate, store.engine)
        async with _at_work(settings, store) as office:
            yield office


@asynccontextmanager
async def _at_work(settings: Settings, store: Store) -> AsyncIterator[Office]:
    use_own_words(settings)
    jobs = archiving.OfficeJobs()
    nodes = MediaNodes(settings, store, jobs.close_reception)
    office = Office(settings=settings, store=store, media=nodes, jobs=jobs)
    clearing = asyncio.create_task(_clear_kiosks(settings, store))
    outdated = asyncio.create_task(_clear_archives(office))
    launched = asyncio.Event()
    drawing = asyncio.create_task(_draw_reviews(office, launched))
    reminder = asyncio.create_task(_now_and_then(reminding.start_due, REMIND_EVERY_S, office, launched))
    sender = asyncio.create_task(_now_and_then(reminding.start_sending, SEND_EVERY_S, office, launched))
    stamper = asyncio.create_task(_now_and_then(stamping.start_due, STAMP_EVERY_S, office, launched))
    preparing = asyncio.create_task(_prepare_drafting(launched))
    try:
        await asyncio.to_thread(offer_first_link, settings, store)
        await asyncio.to_thread(workflows.launch, office)
        await asyncio.to_thread(archiving.launch, office)
        await asyncio.to_thread(lectures.launch, office)
        await asyncio.to_thread(importing.launch, office)
        await asyncio.to_thread(reminding.launch, office)
        await asyncio.to_thread(stamping.launch, office)
        launched.set()
        nodes.start()
        yield office
    finally:
        clearing.cancel()
        outdated.cancel()
        drawing.cancel()
        reminder.cancel()
        sender.cancel()
        stamper.cancel()
        preparing.cancel()
        await asyncio.to_thread(workflows.stop)
        await nodes.stop()


async def _prepare_drafting(launched: asyncio.Event) -> None:
    """So that the first talk that ends after a start has its draft as soon as any other."""
    await launched.wait()
    await asyncio.to_thread(drafting.prepare)


async def _clear_kiosks(settings: Settings, store: Store) -> None:
    """Until cancelled: take sittings that were left behind off their kiosks."""
    while True:
        try:
            await asyncio.to_thread(kiosk_lock.clear_left_behind, store, settings.kiosk_sitting_hours)
        except SQLAlchemyError:
            log.warning("kiosks could not be cleared, trying again", exc_info=True)
        await asyncio.sleep(CLEAR_EVERY_S)


async def _clear_archives(office: Office) -> None:
    """Until cancelled: delete export bundles whose time is over."""
    while True:
        try:
            await asyncio.to_thread(archives.clear_outdated, office)
        except SQLAlchemyError:
            log.warning("outdated bundles could not be deleted, trying again", exc_info=True)
        await asyncio.sleep(CLEAR_EVERY_S)


async def _draw_reviews(office: Office, launched: asyncio.Event) -> None:
    """Until cancelled: have a sample drawn of each day that is over, and periods that are over counted."""
    await launched.wait()
    while True:
        try:
            await asyncio.to_thread(workflows.draw_due, office)
            await asyncio.to_thread(workflows.digests_due, office)
        except SQLAlchemyError:
            log.warning("days and periods that are over could not be looked up, trying again", exc_info=True)
        await asyncio.sleep(DRAW_EVERY_S)


async def _now_and_then(what: Callable[[Office], None], every_s: float, office: Office, launched: asyncio.Event) -> None:
    """Until cancelled: have deadlines reminded of, notices sent, or time stamps asked for."""
    await launched.wait()
    while True:
        try:
            await asyncio.to_thread(what, office)
        except SQLAlchemyError:
            log.warning("reminders, notices or time stamps could not be started, trying again", exc_info=True)
        await asyncio.sleep(every_s)


def open_store(settings: Settings) -> Store:
    """The case store, with the newest tables."""
    make_private(settings.data_dir)
    store = Store(settings.store_url)
    migrate(store.engine)
    return store


def use_own_words(settings: Settings) -> None:
    """Draft with the office's own words too; a file that is none is left out and named in the log."""
    if settings.drafting_words is None:
        return
    try:
        vocabulary.use(vocabulary.load_vocabulary(settings.drafting_words))
    except vocabulary.UnusableWords as error:
        log.error("drafting_words is not used", reason=str(error))


def offer_first_link(settings: Settings, store: Store) -> str | None:
    """While there is no account: a fresh one-time link for the first administrator, in a file only we can read.

    The log says where the file is, never the link itself.
    """
    path = settings.data_dir / FIRST_LINK
    with store.write() as session:
        token = accounts.create_first_link(session)
    if token is None:
        path.unlink(missing_ok=True)
        return None
    url = f"{settings.base_url}/setup?token={token}"
    write_private(path, url + "\n")
    log.warning("no account yet: open the link in this file to set up the first administrator", file=str(path))
    return url


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, replacing the one that is there."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(path)
