"""Tests of the contracts service."""
