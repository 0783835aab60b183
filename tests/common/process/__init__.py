"""Tests of libs.common.process."""
