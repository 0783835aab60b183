"""The replay of the 37 mergers, killed at random moments, ends as the one that nobody killed."""

from pathlib import Path

import pytest

from tests.faults.killing import Legacy, kill_at, legacy, moments, run_to_the_end
from tests.faults.normal_form import checksums, differences

KILLS = 10


def writes(of: Legacy) -> int:
    return sum(len(rows) for table, rows in of.content.items() if table.endswith(".write_record"))


def test_the_replay_that_nobody_killed_is_whole(unkilled: Legacy) -> None:
    unkilled.must_be_whole()
    assert sum('"CCGMerged"' in row for row in unkilled.content["registry.event_log"]) == 37
    assert len(unkilled.content["registry.merger"]) == 37
    for service in ("registry", "contracts", "finance", "governance"):
        assert unkilled.content[f"{service}.parked"] == unkilled.content[f"{service}.outbox"] == ()
    assert writes(unkilled) > 250


@pytest.mark.parametrize(("everything", "seed"), [(False, 37), (True, 211)], ids=["python", "with-postgres"])
async def test_ten_kills_change_nothing(unkilled: Legacy, folder: Path, *, everything: bool, seed: int) -> None:
    """No event is lost, told twice or out of order, no reaction is left out or repeated, on whatever day it struck."""
    var = folder / "var"
    for moment in moments(seed, KILLS, writes(unkilled)):
        await kill_at(var, moment, everything=everything)
    run_to_the_end(var)
    killed = await legacy(var)
    killed.must_be_whole()
    assert checksums(killed.content) == checksums(unkilled.content), differences(unkilled.content, killed.content)
