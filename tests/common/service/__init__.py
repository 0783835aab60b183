"""Tests of libs.common.service."""
