"""Tests of libs.common.database."""
