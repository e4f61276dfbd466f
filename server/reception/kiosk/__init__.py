"""Kiosks: enrolled, watched, locked; what somebody brings to one alone; what a kiosk sends."""
