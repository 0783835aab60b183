"""Measures verifying a dossier of 1,000 entries, against hashing the same lines and nothing else."""

import hashlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

from bench.runner import TINY, Aim, Benchmark, Contest, Size
from services.governance.dossiers.rules import Material, entries_of
from services.governance.dossiers.verify import check

_ENTRIES = 1_000


def _materials(count: int) -> list[Material]:
    """Return votes, as dossiers have them."""
    return [
        Material(
            decision="D-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11",
            key=f"vote:{number}",
            kind="vote",
            effective_on=date(2018, 4, 1),
            stated_at=datetime(2018, 4, 1, 14, 30, tzinfo=UTC),
            fields={
                "item": "IT-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11",
                "seat": f"10H/gp-member-{number}",
                "choice": "for",
                "voter": "P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11",
            },
            personal={"name": (f"Member {number}", "P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11")},
        )
        for number in range(count)
    ]


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    entries = entries_of(_materials(100 if size is TINY else _ENTRIES), after=0, previous=b"")
    lines, hashes = [one.line for one in entries], [one.digest.hex() for one in entries]

    async def verified() -> Mapping[str, float]:
        count, began = 0, time.perf_counter()
        while time.perf_counter() < began + size.seconds:
            assert check(lines, hashes, hashes[-1]) == ""
            count += 1
        return {"verified": count * len(lines) / (time.perf_counter() - began)}

    async def hashed() -> Mapping[str, float]:
        count, began = 0, time.perf_counter()
        while time.perf_counter() < began + size.seconds:
            previous = b""
            for line in lines:
                previous = hashlib.sha256(previous + line).digest()
            assert previous.hex() == hashes[-1]
            count += 1
        return {"bare hashing": count * len(lines) / (time.perf_counter() - began)}

    yield Contest([verified, hashed])


BENCHMARK = Benchmark(
    name="dossiers",
    words="a dossier of 1,000 entries verified, against hashing the same lines",
    units={"verified": "entries/s", "bare hashing": "entries/s"},
    aims=[Aim("verified", "bare hashing", at_least=0.5)],
    stage=_stage,
)
