"""Tests of libs.common.messaging."""
