"""Prometheus metrics shared by the programs; each program adds its own next to the code it measures."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


def exposition() -> tuple[bytes, str]:
    """All metrics of this process in the text format, and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
