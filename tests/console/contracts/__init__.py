"""Tests of the console's pages about exits, contracts and payments."""
