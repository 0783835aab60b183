"""Sourcing: how a body has each function of support done: do, buy or share, in which model and structure.

The first submission covers every function of the catalogue. Deadlines are rule packs; a late submission, an agreement
that is not in place and an intention to host are findings. Publishes SourcingDecided.
"""
