"""Thousands of statements at once leave what one after the other would, by the pure function itself."""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

import asyncpg
import pytest

from libs.common.temporal.history import Days, Statement, history
from libs.common.temporal.timeline import NewStatement
from tests.common.temporal.test_timeline import TIMELINE, at, beliefs, connection, on

__all__ = ["connection"]

SUBJECTS, VALUES = range(1, 401), ("open", "closed", None)


def drawn(chance: random.Random, hour: int, *, many: int) -> list[NewStatement]:
    """A file's worth: of one instant mostly, with ends and gaps, things only observed, sources that stand higher."""
    statements = []
    for _ in range(many):
        subject, start, length = chance.choice(SUBJECTS), chance.randrange(8), chance.randrange(1, 5)
        statements.append(
            NewStatement(
                subject,
                chance.choice((1, 2)),
                chance.choice(VALUES),
                Days(on(start), on(start + length)) if chance.random() < 0.3 else Days(on(start)),
                at(hour + (chance.random() < 0.05)),
                chance.random() < 0.4,
                int((subject + hour) % 4 == 0),
                f"source {hour}",
            )
        )
    return statements


def repeated(statements: Iterable[NewStatement], hour: int) -> list[NewStatement]:
    """The same again, as the next file says it."""
    return [
        NewStatement(one.subject_id, one.facet, one.value, one.days, at(hour), one.fills_before, one.rank, "again")
        for one in statements
    ]


def followed(statements: Iterable[NewStatement]) -> list[tuple[object, ...]]:
    """What follows by `history`, as rows of beliefs: order of content where an instant and a rank are the same."""
    by_pair = defaultdict(set)
    for one in statements:
        by_pair[one.subject_id, one.facet].add(one)
    rows = [
        (str(subject), str(facet), belief.value, belief.days, belief.known_from, belief.known_to)
        for (subject, facet), said in by_pair.items()
        for belief in history(
            Statement(one.value, one.days, one.stated_at, one.fills_before, order, one.rank)
            for order, one in enumerate(sorted(said, key=_by_content))
        )
    ]
    return sorted(rows, key=str)


def _by_content(one: NewStatement) -> tuple[object, ...]:
    return (not one.fills_before, one.days.start, one.days.end, one.value is not None, one.value or "")


async def believed(connection: asyncpg.Connection) -> list[tuple[object, ...]]:
    rows = await connection.fetch(
        "SELECT subject_id, facet, value, lower(valid) AS b, upper(valid) AS e, lower(known) AS k, upper(known) AS t"
        " FROM subject_belief"
    )
    return sorted(
        (
            (
                str(row["subject_id"]),
                str(row["facet"]),
                row["value"],
                Days(row["b"] or Days().start, row["e"] or Days().end),
                row["k"],
                row["t"],
            )
            for row in rows
        ),
        key=str,
    )


async def state(connection: asyncpg.Connection, statements: Sequence[NewStatement]) -> set[int]:
    async with connection.transaction():
        return (await TIMELINE.state(connection, statements, source="", by="tester")).new


@pytest.mark.parametrize("seed", range(6))
async def test_files_of_thousands_in_any_order_leave_what_follows_from_all_of_them(
    connection: asyncpg.Connection, seed: int
) -> None:
    chance = random.Random(seed)
    first = drawn(chance, 0, many=1_500)
    sparse = [NewStatement(n, 1, "open", Days(on(n % 9)), at(5), n % 2 == 0, 0, "sparse") for n in range(500, 1_600)]
    files = [first, drawn(chance, 10, many=1_200), repeated(first, 20), sparse, repeated(sparse, 30)]
    files.append(
        [*repeated(sparse, 40), *(NewStatement(n, 1, "closed", Days(on(40)), at(40)) for n in range(500, 900))]
    )
    files.append(repeated(files[-1], 50))
    chance.shuffle(files)
    held: list[NewStatement] = []
    for file in files:
        new = await state(connection, file)
        assert {file[place] for place in new} == set(file) - set(held)
        held.extend(file)
        assert await believed(connection) == followed(held)
    rows = await beliefs(connection)
    for file in files:
        assert await state(connection, file) == set()
    assert await beliefs(connection) == rows


async def test_what_says_the_same_later_writes_no_belief_anew(connection: asyncpg.Connection) -> None:
    """Not even over an end that the same file repeats: rows of unchanged beliefs are left as they are."""
    open_, closed = (
        [NewStatement(n, 1, value, Days(on(day)), at(1)) for n in range(1_000)]
        for value, day in (("open", 0), ("closed", 9))
    )
    await state(connection, [*open_, *closed])
    before = await connection.fetch("SELECT * FROM subject_belief ORDER BY id")
    assert len(before) == 2_000
    again = repeated([*open_, *closed], 2)
    assert len(await state(connection, again)) == 2_000
    assert await connection.fetch("SELECT * FROM subject_belief ORDER BY id") == before


async def test_two_batches_in_one_transaction_and_one_that_fails(connection: asyncpg.Connection) -> None:
    batch = [NewStatement(n, 1, "open", Days(on(0)), at(1)) for n in range(1_000)]
    async with connection.transaction():
        await TIMELINE.state(connection, batch, source="a", by="tester")
        await TIMELINE.state(connection, repeated(batch, 2), source="b", by="tester")
    wrong = [NewStatement(n, 1, "open", Days(on(9), on(3)), at(3)) for n in range(1_000)]
    async with connection.transaction():
        with pytest.raises(asyncpg.DataError):
            await TIMELINE.state(connection, wrong, source="c", by="tester")
        await TIMELINE.state(connection, repeated(batch, 4), source="d", by="tester")
    assert await connection.fetchval("SELECT count(*) FROM subject_statement") == 3_000
