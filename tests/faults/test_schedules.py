"""The backbone under seeded schedules: nothing is lost, repeated or early; without a safeguard something is."""

from dataclasses import fields

import pytest

from tests.faults.schedules.invariants import check
from tests.faults.schedules.schedule import run
from tests.faults.schedules.world import Safeguards

SCHEDULES = 1_000
"""A hundredth of what `python -m tests.faults.schedules 100000` runs."""


def test_the_invariants_hold_in_every_schedule() -> None:
    for seed in range(SCHEDULES):
        try:
            check(run(seed))
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


@pytest.mark.parametrize("safeguard", [each.name for each in fields(Safeguards)])
def test_without_a_safeguard_a_schedule_finds_what_is_lost(safeguard: str) -> None:
    without = Safeguards(**{safeguard: False})
    assert any(_is_broken(seed, without) for seed in range(SCHEDULES))


def _is_broken(seed: int, without: Safeguards) -> bool:
    try:
        check(run(seed, without))
    except AssertionError:
        return True
    return False
