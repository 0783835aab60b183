"""What is believed of a succession follows from its statements alone; a hearer believes what the registry does."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.database import tables
from libs.common.database.connection import dsn, service_metadata
from libs.common.events import Event
from libs.common.events.registry import CCGMerged, OrganisationSucceeded, SuccessionUndone
from libs.organisations.projection import KnownOrganisations
from libs.organisations.successions import (
    OFFICIAL,
    SuccessionBelief,
    Successions,
    SuccessionStatement,
    beliefs_of,
    statements_in,
)
from tests.support.databases import Databases, NewDatabase

DAY = date(2015, 4, 1)
FIRST = datetime(2014, 1, 1, tzinfo=UTC)
CODES = ("00F", "00G", "13T")
INSTANTS = [FIRST + timedelta(hours=hours) for hours in range(-1, 8)]

METADATA = service_metadata()
tables.add_to(METADATA)
REGISTRY = Successions(METADATA, "succession")
HEARER = KnownOrganisations(METADATA)

_BELIEVED = """
SELECT code, successor, effective_on, shape, share, merger, source, known FROM {table} ORDER BY 1, 2, 3, 8
"""


def stated(hours: int, *, holds: bool = True, **others: str | int) -> SuccessionStatement:
    """Something stated so many hours after the first."""
    return SuccessionStatement("00F", "13T", DAY, FIRST + timedelta(hours=hours), holds, **others)  # type: ignore[arg-type]


statements = st.builds(
    stated,
    st.integers(0, 6),
    holds=st.booleans(),
    rank=st.integers(OFFICIAL - 1, 0),
    shape=st.sampled_from(["", "split", "merger"]),
    share=st.sampled_from(["", "1", "1/3"]),
    source=st.sampled_from(["command", "ods:succ", "press:hsj"]),
)


def at(beliefs: list[SuccessionBelief], hours: int) -> list[SuccessionBelief]:
    """What was believed so many hours after the first statement."""
    instant = FIRST + timedelta(hours=hours)
    return [one for one in beliefs if one.known_from <= instant and (one.known_to is None or instant < one.known_to)]


@given(st.lists(statements, max_size=8).flatmap(lambda all_: st.tuples(st.just(all_), st.permutations(all_))))
def test_the_order_of_arrival_changes_nothing(
    orders: tuple[list[SuccessionStatement], list[SuccessionStatement]],
) -> None:
    assert beliefs_of(orders[0]) == beliefs_of(orders[1])


@given(st.lists(statements, max_size=8))
def test_at_each_instant_the_latest_statement_of_the_highest_rank_decides(all_: list[SuccessionStatement]) -> None:
    beliefs = beliefs_of(all_)
    for hours in range(8):
        instant = FIRST + timedelta(hours=hours)
        heard = [one for one in all_ if one.stated_at <= instant and one.rank >= OFFICIAL]
        last = max(heard, key=lambda one: (one.rank, one.stated_at, one.holds), default=None)
        assert len(at(beliefs, hours)) == (1 if last is not None and last.holds else 0)


@given(st.lists(statements, max_size=8), statements)
def test_a_later_statement_never_changes_what_was_believed_before_it(
    all_: list[SuccessionStatement], later: SuccessionStatement
) -> None:
    before = beliefs_of(all_)
    after = beliefs_of([*all_, later])
    hours = int((later.stated_at - FIRST) / timedelta(hours=1))
    for number in range(hours):
        assert [one.shape for one in at(before, number)] == [one.shape for one in at(after, number)]


def test_an_undone_succession_is_known_until_it_was_undone_and_a_second_statement_begins_anew() -> None:
    all_ = [stated(0, shape="split", share="1/3"), stated(1, holds=False), stated(2, shape="acquisition")]
    beliefs = beliefs_of(all_)
    assert [(one.shape, one.share) for one in beliefs] == [("split", "1/3"), ("acquisition", "")]
    assert (beliefs[0].known_to, beliefs[1].known_to) == (FIRST + timedelta(hours=1), None)


def test_what_a_file_states_again_does_not_bring_an_undone_succession_back() -> None:
    all_ = [stated(0, rank=-1, source="ods:a"), stated(1, holds=False), stated(2, rank=-1, source="ods:b")]
    assert at(beliefs_of(all_), 3) == []


async def build(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await engine.dispose()


@pytest.fixture
async def url(templates: Databases, new_database: NewDatabase) -> str:
    return await new_database(await templates.template_for("successions", build))


@pytest.fixture
async def connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn(url))
    yield connection
    await connection.close()


def followed(code: str, successor: str, at: datetime, **others: str | int) -> OrganisationSucceeded:
    return OrganisationSucceeded(code=code, successor=successor, effective_on=DAY, stated_at=at, **others)


def undone(code: str, successor: str, at: datetime, **others: str | int) -> SuccessionUndone:
    return SuccessionUndone(code=code, successor=successor, effective_on=DAY, stated_at=at, **others)


P1 = [
    followed("00F", "13T", datetime(2016, 1, 1, tzinfo=UTC)),
    undone("00F", "13T", datetime(2020, 1, 1, tzinfo=UTC)),
    followed("00F", "13T", datetime(2021, 1, 1, tzinfo=UTC)),
]


@pytest.mark.parametrize(
    "batches",
    [[P1], [[P1[0]], [P1[1]], [P1[2]]], [[P1[0], P1[2]], [P1[1]]]],
    ids=["one batch", "three batches", "the undoing last"],
)
async def test_undone_and_stated_again_it_holds_in_whatever_batches_a_hearer_gets_it(
    connection: asyncpg.Connection, batches: list[list[Event]]
) -> None:
    for batch in batches:
        await HEARER.know(batch, connection)
    assert await HEARER.successors(connection, ["00F"]) == {"13T"}
    years = {
        year: await HEARER.successors(connection, ["00F"], as_known=datetime(year, 6, 1, tzinfo=UTC))
        for year in (2015, 2016, 2020, 2021)
    }
    assert years == {2015: frozenset(), 2016: {"13T"}, 2020: frozenset(), 2021: {"13T"}}


async def test_what_a_file_states_does_not_overrule_an_undoing_by_the_registry(connection: asyncpg.Connection) -> None:
    file = followed("00F", "13T", FIRST, rank=-1, source="ods:a")
    again = followed("00F", "13T", INSTANTS[6], rank=-1, source="ods:b")
    await HEARER.know([file, undone("00F", "13T", INSTANTS[4])], connection)
    await HEARER.know([again], connection)
    assert await HEARER.successors(connection, ["00F"]) == frozenset()


async def test_a_body_that_gave_up_a_part_or_has_another_parent_is_no_predecessor(
    connection: asyncpg.Connection,
) -> None:
    shaped = {"00F": "acquisition", "00G": "boundary_change", "00H": "parent_change"}
    await HEARER.know([followed(code, "13T", FIRST, shape=shape) for code, shape in shaped.items()], connection)
    assert await HEARER.predecessors(connection, ["13T"]) == {"00F"}


async def test_a_body_is_a_predecessor_from_the_day_on_which_it_is_succeeded(connection: asyncpg.Connection) -> None:
    await HEARER.know([followed("00F", "13T", FIRST)], connection)
    for today, expected in ((DAY - timedelta(days=1), frozenset()), (DAY, {"00F"}), (None, {"00F"})):
        await connection.execute("DELETE FROM clock")
        await connection.execute("INSERT INTO clock (id, moved_to) VALUES (1, $1)", today)
        assert await HEARER.predecessors(connection, ["13T"]) == expected
        assert await HEARER.successions.predecessors(connection, ["13T"], ahead=True) == {"00F"}


_SOURCES = st.sampled_from([("", 0), ("ods:succ", -1), ("etr:file", -3)])
_INSTANTS = st.sampled_from(INSTANTS[1:])
_PAIRS = st.sampled_from([(old, new) for old in CODES for new in CODES if old != new])


@st.composite
def registry_events(draw: st.DrawFn) -> Event:
    """An event of the registry about a succession: stated, undone or part of a merger; late or in time; ranked."""
    (code, successor), instant, (source, rank) = draw(_PAIRS), draw(_INSTANTS), draw(_SOURCES)
    kind = draw(st.sampled_from(["followed", "undone", "merged"]))
    if kind == "undone":
        return undone(code, successor, instant, source=source, rank=rank)
    if kind == "followed":
        shape = draw(st.sampled_from(["", "split", "acquisition"]))
        return followed(code, successor, instant, source=source, rank=rank, shape=shape)
    predecessors = tuple(one for one in CODES if one != successor)
    return CCGMerged(
        merger=f"M-{successor}",
        successor=successor,
        successor_name="",
        predecessors=predecessors,
        effective_on=DAY,
        stated_at=instant,
        source=source,
        rank=rank,
    )


@st.composite
def partitioned(draw: st.DrawFn) -> list[list[Event]]:
    """Any list of events, in any partition into batches."""
    events = draw(st.lists(registry_events(), min_size=1, max_size=9))
    cuts = sorted(draw(st.sets(st.integers(1, len(events)), max_size=4)))
    bounds = [0, *cuts, len(events)]
    return [events[first:last] for first, last in itertools.pairwise(bounds) if first < last]


def test_a_hearer_answers_as_the_registry_at_every_instant_whatever_the_batches(url: str) -> None:
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(dsn(url)))

        @settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(partitioned())
        @example([P1])
        @example([[P1[0], P1[2]], [P1[1]]])
        def any_partition(batches: list[list[Event]]) -> None:
            runner.run(_both_answer_alike(connection, batches))

        any_partition()
        runner.run(connection.close())


async def _both_answer_alike(connection: asyncpg.Connection, batches: Sequence[Sequence[Event]]) -> None:
    for table in ("succession", "succession_statement", *HEARER.projection.tables):
        await connection.execute(f"DELETE FROM {table}")
    for batch in batches:
        await HEARER.know(batch, connection)
    # The registry states what each of its commands records, one after the other.
    for event in (event for batch in batches for event in batch):
        await REGISTRY.state(connection, list(statements_in(event)), by="somebody")
    for code in CODES:
        for instant in [*INSTANTS, None]:
            expected = await REGISTRY.successors(connection, [code], as_known=instant)
            assert await HEARER.successors(connection, [code], as_known=instant) == expected, (code, instant)
            assert expected == _by_hand([event for batch in batches for event in batch], code, instant)
    believed = await connection.fetch(_BELIEVED.format(table="succession"))
    assert await connection.fetch(_BELIEVED.format(table="known_succession")) == believed


def _by_hand(events: Sequence[Event], code: str, instant: datetime | None) -> frozenset[str]:
    """Who followed a body, from the events themselves: of each pair the highest rank's latest statement decides."""
    pairs: dict[tuple[str, str], tuple[int, datetime, bool]] = {}
    for one in (one for event in events for one in statements_in(event)):
        if instant is None or one.stated_at <= instant:
            decisive = (one.rank, one.stated_at, one.holds)
            pairs[one.code, one.successor] = max(decisive, pairs.get((one.code, one.successor), decisive))
    line, new = {code}, {code}
    while new:
        new = {after for (before, after), (*_, holds) in pairs.items() if holds and before in line} - line
        line |= new
    return frozenset(line - {code})
