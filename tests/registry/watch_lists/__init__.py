"""Tests of services.registry.watch_lists."""
