"""Figures that offices are judged by, and their digests."""
