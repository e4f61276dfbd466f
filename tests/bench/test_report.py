"""What a bench concludes from its steps."""

from typing import Any

import pytest

from deploy.bench import desk, noise_figures, report


def step(rooms: int, cores: float, lost: float = 0.0) -> dict[str, Any]:
    return {
        "rooms": rooms, "seats": 2, "server_cores": cores, "core_per_room": round(cores / rooms, 5), "user_per_room": 0.0, "system_per_room": 0.0,
        "lost_fraction": lost, "delivered_fraction": 1.0 - lost, "received_mbps_each": 1.2, "recorded_mbps_each": 0.0,
        "delay_p50_ms": 10 * cores, "delay_p95_ms": 20 * cores, "delay_p99_ms": 30 * cores,
        "memory_mb_per_room": 5.0, "client_cores": 0.4, "client_lag_p95_ms": 2.0, "lines_lost": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "rooms", "known"),
    [
        ([step(16, 0.4), step(32, 0.8)], 40.0, "extrapolated"),
        ([step(16, 0.4), step(32, 0.98)], 32.0, "measured"),
        ([step(16, 0.4), step(32, 0.9), step(40, 0.99, lost=0.02)], 32.0, "measured"),
        ([step(16, 0.4), step(32, 0.5, lost=0.02)], 40.0, "extrapolated"),
        ([step(16, 0.9, lost=0.02)], None, "not known"),
        ([], None, "not known"),
    ],
)
def test_capacity_is_the_last_step_without_loss(steps: list[dict[str, Any]], rooms: float | None, known: str) -> None:
    assert report.capacity(steps) == (rooms, known)


def test_delay_is_taken_at_half_load_and_ratios_at_the_same_number_of_rooms() -> None:
    found = {
        "stock": [step(1, 0.5)], "ours": [step(16, 0.16), step(48, 0.52)], "ours_recorded": [step(16, 0.24)],
        "janus_recorded": [step(16, 0.32)],
    }  # fmt: skip
    figures = report.summary(found, 16)
    assert figures["delay_p95_ms"] == pytest.approx(10.4)
    assert figures["stock_over_ours"] == 50.0
    assert figures["ours_recorded_over_janus_recorded"] == 0.75
    assert figures["janus_core_per_room"] is None
    assert figures["two_nodes_rooms"] is None
    both = report.summary({"one_node": [step(20, 0.5)], "two_nodes": [step(20, 0.5), step(20, 0.6, lost=0.001)]}, 16)
    assert (both["two_nodes_rooms"], both["two_nodes_core_per_room"]) == (40, 0.0275)
    assert (both["one_node_core_per_room"], both["two_nodes_lost_fraction"]) == (0.025, 0.001)
    assert figures["ours_over_janus"] is None
    half = {**step(1, 0.5), "received_mbps_each": 0.6}
    assert report.summary({**found, "stock": [half]}, 16)["stock_over_ours_per_mbit"] == 100.0, "half the bitrate"


def test_page_names_what_was_not_measured() -> None:
    found = {"stock": [step(1, 0.5)], "ours": [step(16, 0.16)], "ours_recorded": [step(16, 0.24)]}
    page = report.page(found, report.summary(found, 16), {"janus": "not installed"})
    assert "Not measured: janus: not installed" in page
    assert "janus_core_per_room: not measured" in page
    assert "not quiet" not in page
    assert "not quiet" in report.page(found, report.summary(found, 16), {}, (6.0, 7.0))
    assert "| Jietan, recording and audio tap | 16 | 0.24 | 0.015 |" in page


def test_each_bench_writes_its_own_part_of_the_page(tmp_path):
    page = tmp_path / "performance.md"
    report.write(page, "# Rooms\n\nfirst\n\n## Of five\n\n- few\n")
    report.write(page, "# Lectures\n\nmany\n")
    report.write(page, "# Rooms\n\nsecond\n")
    assert page.read_text() == "# Rooms\n\nsecond\n\n# Lectures\n\nmany\n"
    report.write(page, "# The desk\n\nquick\n")
    report.write(page, "# Lectures\n\nmore\n")
    assert page.read_text() == "# Rooms\n\nsecond\n\n# Lectures\n\nmore\n\n# The desk\n\nquick\n"


def test_the_desks_part_says_every_figure():
    names = [name for name, *_ in desk.ROWS]
    figures: dict[str, Any] = {name: f"<{name}>" for name in names} | {"edits": 500, "cores": 2, "load_before": 0.4}
    said = desk.part(figures, "141.0")
    assert said.startswith("# How quick the correction page is\n")
    assert all(f"| <{name}> |" in said for name in names)
    assert "after 500 saved edits" in said
    assert "| not measured |" not in said
    assert "not quiet" not in said
    assert "not quiet" in desk.part({**figures, "load_before": 8.7}, "141.0")
    del figures["keystrokes_share"]
    assert "| share | not measured | 0.2 at most |" in desk.part(figures, "141.0")


def test_every_noise_stands_in_the_table_with_what_the_guard_kept_back() -> None:
    alone = {"second": 0, "windows": 2, "unguarded": 2, "second_unguarded": 1}
    figures = {
        "invented_sentences": 1, "second_invented_sentences": 0, "noise_windows": 4, "unguarded_invented_sentences": 4,
        "second_unguarded_invented_sentences": 2, "noises": {"hum": alone, "rain": alone},
        "by_condition": {"hum": {"invented_sentences": 0}, "rain": {"invented_sentences": 1}},
    }  # fmt: skip
    rows = noise_figures.part(figures, "a model", 9.0).splitlines()
    assert "| Mains hum with overtones | 0 | 0 | 2 / 1 of 2 |" in rows
    assert "| Heavy rain on a tin roof | 1 | 0 | 2 / 1 of 2 |" in rows
    assert "| **together** | 1 | 0 | 4 / 2 of 4 |" in rows
