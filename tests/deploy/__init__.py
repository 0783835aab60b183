"""Tests of how Footprint is run."""
