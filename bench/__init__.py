"""Benchmarks: each is a ratio against a limit or a peer, measured in the same run; `make bench` runs them all."""
