"""Estimates of what sharing back offices saves, by function, from the benchmarks of a dated rule pack.

What of a saving arrives is an input: the whole, a part that is chosen, or what the savings ledger has learned.
A function without a benchmark has none: it is shown as such, never as 0 and never extrapolated.
"""
