"""Films and bundles in a running office: asked for, made by a worker, given up, killed, and what disks do to them."""

import hashlib
import io
import json
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from sqlalchemy import select

from server import clock
from server.archive import bundle as bundle_page
from server.archive.plan import VideoPlan
from server.domain.states import ArchiveKind, ArchiveState, Channel, StaffRole
from server.domain.verification import verify
from server.protocol.recording import is_recorded
from server.reception.paper import archive_plans, archiving
from server.signing_key import read_public
from server.store import archives
from server.store.access import Actor
from server.store.models import AccessEntry, Organization, Reception, StoredArchive, StoredSegment
from tests.archive.recorded import SECONDS, file_case
from tests.office import TestOffice, running, settings_for
from tests.reception.conftest import until

LONG = 60.0
"""Seconds that a worker on a loaded machine may take."""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[TestOffice]:
    with running(settings_for(tmp_path, disk_reserve_mb=0)) as started:
        yield started


def clerk_of(office: TestOffice) -> Actor:
    with office.office.store.read() as session:
        path = session.get_one(Organization, office.ids["county"]).path
    return Actor(name="陈晓", organization_id=office.ids["county"], organization_path=path, user_id=office.ids["clerk"], role=StaffRole.CLERK)


def filed(office: TestOffice, **what: Any) -> str:
    """A case of the town, whose clerk is the office's; returns its path in the API."""
    with office.office.store.write() as session:
        case = file_case(
            session, office.settings, organization_id=office.ids["town"], kiosk_id=office.ids["kiosk"],
            clerk=clerk_of(office), receiver_id=office.ids["leader"], **what,
        )  # fmt: skip
    return f"/api/cases/{case}"


def state(office: TestOffice, path: str, kind: str = "video") -> dict[str, Any]:
    found = office.clerk.get(f"{path}/archive")
    assert found.status_code == 200, found.text
    return found.json()[kind] or {"state": "none", "messages": [], "progress": 0, "url": ""}


def ask(office: TestOffice, path: str, kind: str = "video") -> None:
    answer = office.clerk.post(f"{path}/archive/{kind}")
    assert answer.status_code == 202, answer.text


def made(office: TestOffice, path: str, kind: str = "video") -> dict[str, Any]:
    """Ask, and wait until it is there."""
    ask(office, path, kind)
    until(lambda: state(office, path, kind)["state"] not in ("waiting", "running"), f"the {kind} is made", LONG)
    found = state(office, path, kind)
    assert found["state"] == "ready", found
    return found


def events(office: TestOffice, path: str) -> list[str]:
    return [f"{one['author']}：{one['what']}" for one in office.clerk.get(path).json()["events"]]


def subtitles(film: Path) -> list[str]:
    with av.open(str(film)) as container:
        packets = [bytes(packet) for packet in container.demux(container.streams.subtitles[0])]
    return [text for text in (packet[2:].decode() for packet in packets if len(packet) > 2) if text]


@pytest.mark.nightly
def test_a_film_has_everybody_the_words_and_the_right_length(office: TestOffice, tmp_path: Path) -> None:
    path = filed(office)
    found = made(office, path)
    whole = office.leader.get(found["url"])
    assert (whole.status_code, len(whole.content), whole.headers["content-type"]) == (200, found["size"], "video/mp4")
    film = tmp_path / "film.mp4"
    film.write_bytes(whole.content)
    assert whole.content.index(b"moov") < whole.content.index(b"mdat")
    with av.open(str(film)) as container:
        video, audio, text = (container.streams.video[0], container.streams.audio[0], container.streams.subtitles[0])
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height, audio.codec_context.name, text.codec_context.name) == (1280, 720, "aac", "mov_text")
        assert text.language == "zho"
        for stream in (video, audio):
            assert abs(float(stream.duration * stream.time_base) - SECONDS) < 0.3
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video)]
    assert abs(len(pictures) / 25 - SECONDS) < 0.3
    assert subtitles(film) == ["接访领导：什么事？", "信访人：补偿款没给。"]
    part = office.leader.get(found["url"], headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    words = office.leader.get(f"{path}/archive/captions.vtt")
    assert "00:00:01.200 --> " in words.text
    assert "信访人：补偿款没给。" in words.text


def test_a_second_request_is_the_same_job_and_others_get_nothing(office: TestOffice) -> None:
    path = filed(office)
    ask(office, path)
    ask(office, path)
    with office.office.store.read() as session:
        assert len(session.scalars(select(StoredArchive.id)).all()) == 1
    for who, status in (("leader", 403), ("administrator", 403), ("kiosk", 403), ("stranger", 404), ("anonymous", 401)):
        assert getattr(office, who).post(f"{path}/archive/bundle").status_code == status, who
    for what in ("", "/video/file", "/bundle/file", "/captions.vtt"):
        assert office.stranger.get(f"{path}/archive{what}").status_code == 404, what
        assert office.administrator.get(f"{path}/archive{what}").status_code == 403, what
    assert office.clerk.post(f"{path}/archive/everything").status_code == 422


def test_a_letter_has_no_archive_and_says_so(office: TestOffice) -> None:
    letter = {"channel": "letter", "received_on": "2026-06-09", "name": "何守田", "statement": "补偿款没给。"}
    case = office.clerk.post("/api/cases", json=letter)
    assert case.status_code == 201, case.text
    answer = office.clerk.get(f"/api/cases/{case.json()['id']}/archive")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "这件事没有接谈笔录和录音。")


def worker_of(folder: Path) -> int | None:
    """The process id of the worker on this folder."""
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                line = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if b"server.archive.worker" in line and str(folder).encode() in line:
                return int(process.name)
    return None


def short_parts(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """So that a short reception has several parts."""
    whole = archive_plans.video_plan

    def plan(*of: Any) -> VideoPlan:
        return whole(*of).model_copy(update={"part_seconds": seconds})

    monkeypatch.setattr(archive_plans, "video_plan", plan)


def begun(office: TestOffice, path: str) -> Path:
    """Ask, and wait until the first part is there; returns the worker's folder."""
    ask(office, path)
    with office.office.store.read() as session:
        folder = archiving.work_folder(office.office, archives.unfinished(session)[-1])
    until(lambda: any(folder.glob("part-*.nut")), "the first part is made", LONG)
    return folder


@pytest.mark.nightly
def test_a_killed_worker_and_a_restarted_office_go_on_after_the_last_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_parts(monkeypatch, 0.2)
    settings = settings_for(tmp_path, disk_reserve_mb=0)
    with running(settings) as office:
        path = filed(office)
        folder = begun(office, path)
        worker = worker_of(folder)
        assert worker is not None
        assert os.getpriority(os.PRIO_PROCESS, worker) == 19
        os.kill(worker, signal.SIGKILL)
        first = {part: part.stat().st_mtime_ns for part in folder.glob("part-*.nut")}
        until(lambda: worker_of(folder) not in (None, worker), "another worker begins", LONG)
        until(lambda: len(list(folder.glob("part-*.nut"))) > len(first), "it makes another part", LONG)
        assert first.items() <= {part: part.stat().st_mtime_ns for part in folder.glob("part-*.nut")}.items()
    until(lambda: worker_of(folder) is None, "the worker ends with its program")
    with running(settings) as office:
        until(lambda: state(office, path)["state"] == "ready", "the film is made", LONG)
        until(lambda: not folder.exists(), "the worker's folder is cleared")
        film = settings.archives_dir / "1/video-1.mp4"
        assert hashlib.sha256(film.read_bytes()).hexdigest() == state(office, path)["sha256"]


@pytest.mark.nightly
def test_given_up_leaves_nothing_behind(office: TestOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    short_parts(monkeypatch, 0.4)
    path = filed(office)
    folder = begun(office, path)
    assert office.clerk.delete(f"{path}/archive/video").json()["video"]["state"] == "cancelled"
    until(lambda: worker_of(folder) is None and not folder.exists(), "the worker ends", LONG)
    assert office.clerk.delete(f"{path}/archive/video").status_code == 409
    assert office.clerk.get(f"{path}/archive/video/file").status_code == 404
    assert events(office, path)[-2:] == ["陈晓：要做归档视频", "陈晓：归档视频不做了"]


@pytest.mark.nightly
def test_a_disk_that_is_nearly_full_is_told_and_nothing_half_is_left(tmp_path: Path) -> None:
    with running(settings_for(tmp_path, disk_reserve_mb=1 << 40)) as office:
        path = filed(office)
        ask(office, path)
        until(lambda: state(office, path)["state"] == "failed", "it fails", LONG)
        found = state(office, path)
        assert "磁盘快满了" in found["messages"][0]
        assert [one.name for one in office.settings.archives_dir.iterdir()] == []


@pytest.mark.nightly
def test_who_fetches_a_file_is_written_down_whatever_piece_they_begin_with(office: TestOffice) -> None:
    path, content = filed(office), b"no film"
    with office.office.store.write() as session:
        for kind in ArchiveKind:
            file = office.settings.archives_dir / f"planted.{kind}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            session.add(StoredArchive(
                case_id=int(path.rsplit("/", 1)[1]), kind=kind, state="ready", progress=1, message="", asked_by="x", asked_at=clock.now(),
                file=file.name, sha256="", size=len(content),
            ))  # fmt: skip

    def fetched(kind: str, piece: str = "", **asked: int) -> list[tuple[str, str]]:
        before = logged()
        answer = office.clerk.get(f"{path}/archive/{kind}/file", params=asked, headers={"Range": piece} if piece else {})
        assert answer.status_code == (206 if piece else 200)
        return logged()[len(before) :]

    def logged() -> list[tuple[str, str]]:
        with office.office.store.read() as session:
            query = select(AccessEntry.action, AccessEntry.thing_id).where(AccessEntry.thing == "recording").order_by(AccessEntry.id)
            return [(action, thing.partition("/")[2]) for action, thing in session.execute(query)]

    assert fetched("video", "bytes=-5") == [("open", "video")]
    assert fetched("video", "bytes=3-") == []
    assert fetched("video", "bytes=0-") == [("open", "video")]
    assert fetched("video", "bytes=1-", save=1) == [("download", "video")]
    assert fetched("bundle") == [("download", "bundle")]
    assert [one for one in events(office, path) if "下载" in one] == ["陈晓：下载归档视频", "陈晓：下载整套材料"]


def test_a_reception_without_recording_has_no_film(office: TestOffice) -> None:
    path = filed(office)
    with office.office.store.write() as session:
        for segment in session.scalars(select(StoredSegment)):
            session.delete(segment)
    answer = office.clerk.post(f"{path}/archive/video")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_recording")


def test_what_the_petitioner_takes_away_has_nobody_elses_voice_and_verifies(office: TestOffice, tmp_path: Path) -> None:
    path = filed(office)
    answer = office.clerk.get(f"{path}/archive/own.zip")
    assert answer.status_code == 200, answer.text
    assert "陈晓：给信访人留存一份" in events(office, path)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        bundle.extractall(tmp_path)
    (folder,) = tmp_path.glob("*本人留存")
    listed = json.loads((folder / "bundle.json").read_text())
    names = {one["name"] for one in listed["files"]}
    assert names == {
        "index.html", *(name for name in bundle_page.PAGE), "documents/record.pdf", "captions/corrected.vtt", "recording/manifest.json",
        "recording/public-key.pem", "recording/r1-petitioner-audio-1.webm", "recording/r1-petitioner-video-1.mkv",
    }  # fmt: skip
    assert listed["partly"] is True
    manifest = json.loads((folder / "recording/manifest.json").read_text())
    hashes = {one["file"]: one["sha256"] for one in manifest["segments"]}
    for one in listed["files"]:
        assert hashlib.sha256((folder / one["name"]).read_bytes()).hexdigest() == one["sha256"]
        assert not is_recorded(one["name"]) or hashes[Path(one["name"]).name] == one["sha256"]
    assert office.leader.get(f"{path}/archive/own.zip").status_code == 403
    with office.office.store.write() as session:
        for reception in session.scalars(select(Reception)):
            reception.channel = Channel.ON_SITE
    together = office.clerk.get(f"{path}/archive/own.zip")
    with zipfile.ZipFile(io.BytesIO(together.content)) as bundle:
        assert not [name for name in bundle.namelist() if is_recorded(name)], "the room's microphone heard everybody"


@pytest.mark.nightly
def test_a_bundle_has_everything_verifies_and_ends_after_its_days(office: TestOffice, tmp_path: Path) -> None:
    path = filed(office)
    found = made(office, path, "bundle")
    assert state(office, path)["state"] == "ready"
    answer = office.clerk.get(f"{found['url']}?save=1")
    assert answer.headers["content-disposition"].startswith("attachment")
    packed = tmp_path / "bundle.zip"
    packed.write_bytes(answer.content)
    with zipfile.ZipFile(packed) as bundle:
        assert bundle.testzip() is None
        bundle.extractall(tmp_path / "out")
    (folder,) = (tmp_path / "out").iterdir()
    listed = json.loads((folder / "bundle.json").read_text())
    names = {one["name"] for one in listed["files"]}
    assert {"index.html", "video/archive.mp4", "documents/record.pdf", "documents/form.docx", "captions/corrected.vtt",
            "captions/recognised.vtt", "recording/manifest.json", "recording/public-key.pem"} <= names  # fmt: skip
    manifest = json.loads((folder / "recording/manifest.json").read_text())
    hashes = {one["name"].removeprefix("recording/"): one["sha256"] for one in listed["files"] if is_recorded(one["name"])}
    assert sorted({Path(name).suffix for name in hashes}) == [".mkv", ".webm"]
    key = read_public((folder / "recording/public-key.pem").read_bytes())
    assert verify(manifest, hashes, key, filed_sha256=dict(listed["about"])["录音录像清单 SHA-256"]) == []
    assert "陈晓：下载整套材料" in events(office, path)
    assert [one for one in events(office, path) if "整套" in one] == ["陈晓：要导出整套材料", "陈晓：整套材料导出来了，校验码", "陈晓：下载整套材料"]
    ends_after_its_days(office, path)


def ends_after_its_days(office: TestOffice, path: str) -> None:
    with office.office.store.write() as session:
        found = archives.ready(session, int(path.rsplit("/", 1)[1]), ArchiveKind.BUNDLE)
        assert found is not None
        archives.move(session, found.id, [ArchiveState.READY], ArchiveState.READY, expires_at=found.asked_at)
    assert (office.settings.archives_dir / found.file).exists()
    archiving.clear_outdated(office.office)
    assert not (office.settings.archives_dir / found.file).exists()
    assert state(office, path, "bundle")["state"] == "expired"
    assert office.clerk.get(f"{path}/archive/bundle/file").status_code == 404
    assert state(office, path)["state"] == "ready"
