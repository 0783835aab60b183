"""The hash chain over a log: each link is made of the one before it and of an event's bytes."""

import hashlib

GENESIS = bytes(32)
"""The hash before the first event in the chain."""


def link(chain: bytes, body: bytes) -> bytes:
    """Return the chain hash of `body`, given the chain hash of the event before it."""
    return hashlib.sha256(chain + body).digest()
