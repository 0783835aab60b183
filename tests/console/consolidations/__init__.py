"""Tests of the console's pages about plans for shared services."""
