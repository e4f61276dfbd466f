"""Files of web/static are answered from memory, as they are on the disk now."""

import os

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from server.pages import static
from server.pages.static import LARGEST, Assets


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(static, "STATIC", tmp_path / "static")
    (tmp_path / "static").mkdir()
    return tmp_path / "static"


@pytest.fixture
def client(folder):
    app = Starlette()
    app.mount("/static", Assets())
    return TestClient(app)


def test_a_file_is_read_once_and_again_when_it_changes(folder, client, monkeypatch):
    file = folder / "a.js"
    file.write_text("let a = 1;")
    first = client.get("/static/a.js")
    assert (first.status_code, first.text, first.headers["content-length"]) == (200, "let a = 1;", "10")
    assert first.headers["content-type"].startswith("text/javascript")
    with monkeypatch.context() as patched:
        patched.setattr(static, "_read", lambda found: pytest.fail("read again"))
        again = client.get("/static/a.js")
        assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
        known = client.get("/static/a.js", headers={"If-None-Match": first.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
    file.write_text("let a = 22;")
    os.utime(file, ns=(1, 10**18))
    changed = client.get("/static/a.js", headers={"If-None-Match": first.headers["etag"]})
    assert (changed.status_code, changed.text) == (200, "let a = 22;")
    file.unlink()
    assert client.get("/static/a.js").status_code == 404


def test_parts_heads_and_large_files_go_the_usual_way(folder, client):
    (folder / "small.txt").write_bytes(b"0123456789")
    (folder / "large.bin").write_bytes(bytes(LARGEST + 1))
    for _ in range(2):
        part = client.get("/static/small.txt", headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"4567")
        head = client.head("/static/small.txt")
        assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "10")
        assert len(client.get("/static/large.bin").content) == LARGEST + 1
        assert client.get("/static/small.txt").content == b"0123456789"
    assert client.post("/static/small.txt").status_code == 405


def test_nothing_outside_is_answered(folder, client):
    (folder.parent / "secret.txt").write_text("x")
    (folder / "way.txt").symlink_to(folder.parent / "secret.txt")
    for path in ("/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/way.txt", "/static/", "/static/nothing.js"):
        assert client.get(path).status_code == 404, path
