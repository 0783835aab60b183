"""Tests of libs.common.temporal."""
