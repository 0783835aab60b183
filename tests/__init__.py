"""Tests: they mirror the source, on real servers."""
