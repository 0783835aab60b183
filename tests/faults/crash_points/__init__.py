"""Crash points: a run of the four services is killed before and after each of its commits, and ends as if undisturbed.

`boundaries` counts the commits that write and kills the process at one of them; `client` is a client that survives it:
it has written down what it was answered, and asks again with the same key where it was not; `runs` are what is done, a
merger and a consolidation. A run is lived once undisturbed, in stages that end where every event was heard; a point is
tried on copies of the databases with which its stage begins, and what the stage leaves is compared: what follows begins
with the same. `python -m tests.faults.crash_points merger` dies at every point, with `--every 10` at a seeded tenth.
"""
