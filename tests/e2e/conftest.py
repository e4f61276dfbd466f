"""The walk uses the same Chromium as the browser tests."""

from tests.browser.conftest import open_chromium

__all__ = ["open_chromium"]
