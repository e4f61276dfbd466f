"""Devices beside the kiosk's screen, each behind a small interface: see README.md in this folder."""
