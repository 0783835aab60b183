"""Tests of libs.common.events."""
