"""What an operator's tools ask of the web program, and what it writes for them."""

import json
import subprocess
import sys

from fastapi.testclient import TestClient


def test_alive_and_degraded_while_its_fellows_are_away(office):
    client = TestClient(office.anonymous.app)
    assert client.get("/healthz").json() == {"status": "ok"}
    said = client.get("/readyz")
    assert said.status_code == 200
    assert said.json()["status"] == "degraded"
    assert "media" in said.json()["missing"]


def test_figures_are_for_this_machine_only(office):
    here = TestClient(office.anonymous.app, client=("127.0.0.1", 50000)).get("/metrics")
    assert here.headers["content-type"].startswith("text/plain")
    assert "process_cpu_seconds_total" in here.text
    assert "# TYPE jietan_" in here.text
    assert TestClient(office.anonymous.app, client=("192.0.2.7", 50000)).get("/metrics").status_code == 403


def test_a_log_is_lines_of_json_that_name_the_program():
    code = "from server import log; import structlog; log.configure('web'); structlog.get_logger().info('case filed', number=3); structlog.get_logger().debug('not told')"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.splitlines()
    (line,) = map(json.loads, told)
    assert (line["program"], line["level"], line["event"], line["number"]) == ("web", "info", "case filed", 3)
    assert line["timestamp"].endswith("Z")
