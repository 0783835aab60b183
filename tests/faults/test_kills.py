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
    assert writes(unkilled) > 200


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


async def test_ten_kills_on_kafka_change_nothing_either(unkilled: Legacy, folder: Path) -> None:
    """By turns all of it with the broker, and Python alone. The content is that of the direct bus."""
    var, on_kafka = folder / "var", ("--bus", "kafka")
    for number, moment in enumerate(moments(14, KILLS, writes(unkilled))):
        await kill_at(var, moment, everything=number % 2 == 0, options=on_kafka)
    run_to_the_end(var, *on_kafka)
    killed = await legacy(var)
    killed.must_be_whole()
    assert checksums(killed.content) == checksums(unkilled.content), differences(unkilled.content, killed.content)


def test_one_row_lost_or_doubled_in_any_table_is_seen(unkilled: Legacy) -> None:
    content = unkilled.content
    whole = checksums(content)
    filled = [table for table, rows in content.items() if rows]
    assert len(filled) > 40
    for table in filled:
        for rows in (content[table][1:], (*content[table], content[table][-1])):
            damaged = {**content, table: rows}
            assert {each for each, checksum in checksums(damaged).items() if checksum != whole[each]} == {table}
            assert table in differences(content, damaged)
