"""The replay of the 37 mergers, killed at random moments, ends as the one that nobody killed."""

import re
from pathlib import Path

from tests.faults.killing import Legacy, kill_at, legacy, moments, run_to_the_end
from tests.faults.normal_form import checksums, differences

KILLS = 8
"""Of everything and of Python alone, by turns: half on the direct bus. Each costs a start of all four services."""


def writes(of: Legacy) -> int:
    return sum(len(rows) for table, rows in of.content.items() if table.endswith(".write_record"))


def test_the_replay_that_nobody_killed_is_whole(unkilled: Legacy) -> None:
    unkilled.must_be_whole()
    assert sum('"CCGMerged"' in row for row in unkilled.content["registry.event_log"]) == 37
    assert len(unkilled.content["registry.merger"]) == 37
    # The kills strike restatements too: what mergers restate of allowances and budgets is in the replay.
    for restated in ("restatement", "budget_entry", "allowance_part", "saving_statement"):
        assert unkilled.content[f"finance.{restated}"]
    for service in ("registry", "contracts", "finance", "governance"):
        assert unkilled.content[f"{service}.parked"] == unkilled.content[f"{service}.outbox"] == ()
    assert writes(unkilled) > 200


def test_what_is_compared_names_no_row_by_its_surrogate_id(unkilled: Legacy) -> None:
    """A kill leaves gaps in the ids, and so in references such as `BL-7`."""
    numbered = re.compile(r"\b((BL|R|E|C|V)-|right )\d+(?![-\w])")
    assert not [row for rows in unkilled.content.values() for row in rows if numbered.search(row)]


async def test_kills_on_one_bus_and_the_other_change_nothing(unkilled: Legacy, folder: Path) -> None:
    """No event is lost, told twice or out of order, no reaction is left out or repeated, on whatever day it struck.

    Half of the way the services read the logs; then they move to Kafka, where a kill of everything is the broker's too.
    """
    var = folder / "var"
    buses = [()] * (KILLS // 2) + [("--bus", "kafka")] * (KILLS // 2)
    for number, (moment, bus) in enumerate(zip(moments(37, KILLS, writes(unkilled)), buses, strict=True)):
        await kill_at(var, moment, everything=number % 2 == 0, options=bus)
    said = run_to_the_end(var, *buses[-1])
    assert "42 integrated care boards" in said
    assert "106 sub-ICB locations" in said
    assert "37 mergers, each carried out on its day" in said
    assert not re.search("^01 Apr 2013", said, re.MULTILINE), "what was loaded before the kills is not loaded again"
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
