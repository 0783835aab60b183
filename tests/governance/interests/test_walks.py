"""Interests in the database: walked as an independent walk does, from events and declarations."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import asyncpg
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from libs.common.database.connection import dsn
from libs.common.events import Event
from libs.common.events.contracts import ProcurementStated, SupplierChangedHands
from libs.common.events.registry import (
    OrganisationRelated,
    OrganisationSucceeded,
    OrganisationUnrelated,
    SuccessionUndone,
)
from services.governance.interests.links import know_links
from services.governance.interests.parties import parties_of
from services.governance.interests.queries import find_conflicts, find_paths
from services.governance.interests.rules import Action, strictest
from services.governance.interests.walks import InterestType
from tests.support.governance_harness import ENGLAND_OPENED, MERGED_ON, GovernanceHarness, at

ON = date(2016, 4, 1)


def related(code: str, other: str, share: str = "", *, relation: str = "owns") -> OrganisationRelated:
    """A tie that the registry publishes, in force since England opened."""
    day = ENGLAND_OPENED
    return OrganisationRelated(
        effective_on=day, stated_at=at(day), code=code, relation=relation, other=other, share=share
    )


async def test_who_hosts_or_owns_a_party_is_known_from_events_alone(harness: GovernanceHarness) -> None:
    await harness.bucks()
    stated: dict[str, Any] = {"effective_on": ENGLAND_OPENED, "stated_at": at(ENGLAND_OPENED)}
    hands = {"owner": "HOLDING", "owner_sector": "private", "status": "hosted"}
    await harness.hear(
        SupplierChangedHands(supplier="SUPPLIER", host="10Y", **hands, **stated),
        related("10H", "HOLDING", "1/3"),
        related("HOLDING", "10H", "1/2"),
    )
    persons = [harness.ids[short] for short in ("P-ao", "P-cfo", "P-chair-10h")]
    asked: dict[str, Any] = {"on": ON, "as_known": None, "stages": ("bids_received",)}
    conflicts = await find_conflicts(harness.database, persons, {"SUPPLIER"}, **asked)
    shown = {
        (harness.called(one.person), " ".join(f"{edge.relation} {edge.other}" for edge in one.path.edges))
        for one in conflicts
    }
    assert shown == {
        ("P-ao", "sits_in 10Y hosts SUPPLIER"),
        ("P-ao", "sits_in 10H owns HOLDING owns SUPPLIER"),
        ("P-cfo", "sits_in 10Y hosts SUPPLIER"),
        ("P-chair-10h", "sits_in 10H owns HOLDING owns SUPPLIER"),
    }
    assert {one.path.share for one in conflicts} == {Fraction(1), Fraction(1, 3)}
    counts = strictest(conflicts)[harness.ids["P-ao"]]
    assert (counts.type, counts.action, counts.pack) == (
        InterestType.PROFESSIONAL,
        Action.LEAVE_ROOM,
        "conflict-actions-2014",
    )
    own = await find_conflicts(harness.database, persons, {"SUPPLIER"}, **asked, but=("10Y",))
    assert {harness.called(one.person) for one in own} == {"P-ao", "P-chair-10h"}
    assert await find_conflicts(harness.database, persons, {"SUPPLIER"}, **{**asked, "on": date(2013, 3, 31)}) == []
    gone: dict[str, Any] = {"effective_on": ON, "stated_at": at(ON)}
    await harness.hear(
        SupplierChangedHands(supplier="SUPPLIER", host="", **{**hands, **gone}),
        OrganisationUnrelated(code="10H", relation="owns", other="HOLDING", **gone),
    )
    assert await find_conflicts(harness.database, persons, {"SUPPLIER"}, **asked) == []
    before = asked | {"as_known": at(ON) - timedelta(seconds=1)}
    assert len(await find_conflicts(harness.database, persons, {"SUPPLIER"}, **before)) == 4
    day_before = asked | {"on": ON - timedelta(days=1)}
    assert len(await find_conflicts(harness.database, persons, {"SUPPLIER"}, **day_before)) == 4


async def test_an_interest_in_a_body_leads_to_its_successor_from_the_day_on_which_that_took_it_over(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    await harness.hear_of_ccgs("10A", "99B")
    person = harness.ids["P-cfo"]
    when: dict[str, Any] = {"effective_on": ON, "stated_at": at(ON)}
    await harness.hear(related("10Y", "PREDECESSOR", "1/2"))
    took_over = OrganisationSucceeded(code="PREDECESSOR", successor="SUCCESSOR", shape="acquisition", **when)
    part = OrganisationSucceeded(code="PREDECESSOR", successor="NEIGHBOUR", shape="boundary_change", **when)
    await harness.hear(took_over, part, took_over)

    async def paths(on: date, *parties: str, known: datetime | None = None) -> list[tuple[str, str, bool]]:
        found = await find_paths(harness.database, [person], parties, on=on, as_known=known, most_hops=6)
        return [(path.edges[-1].id, str(path.share), path.is_direct) for _, path in found]

    edge = "registry PREDECESSOR succeeded_by SUCCESSOR"
    assert await paths(ON, "SUCCESSOR", "NEIGHBOUR") == [(edge, "1/2", False)]
    assert await paths(ON - timedelta(days=1), "SUCCESSOR") == []
    assert await paths(ON, "SUCCESSOR", known=at(ON) - timedelta(seconds=1)) == [], "it was not known yet"
    assert [one[0] for one in await paths(ON, "PREDECESSOR")] == ["registry 10Y owns PREDECESSOR"]
    undone = SuccessionUndone(code="PREDECESSOR", successor="SUCCESSOR", effective_on=ON, stated_at=at(MERGED_ON))
    await harness.hear(undone)
    assert await paths(ON, "SUCCESSOR") == []
    assert await paths(ON, "SUCCESSOR", known=at(ON)) == [(edge, "1/2", False)]


async def test_who_owned_what_a_seller_took_over_and_who_took_over_an_owner_supplies(
    harness: GovernanceHarness,
) -> None:
    when: dict[str, Any] = {"effective_on": ON, "stated_at": at(ON)}
    procurement: dict[str, Any] = {"procurement": "T-1", "buyers": ("10H", "10Y"), "bidders": ("SUCCESSOR",)}
    procurement |= {"stage": "bids_received", "functions": (), "run_by": "", "regime": "", "value_pence": 0}
    procurement |= {"contract": "", "winner": "", "effective_on": ENGLAND_OPENED, "stated_at": at(ENGLAND_OPENED)}
    await harness.hear(
        ProcurementStated(**procurement),
        related("10Y", "PREDECESSOR"),
        related("OWNER", "SUCCESSOR"),
        related("OTHER", "NEIGHBOUR"),
        OrganisationSucceeded(code="PREDECESSOR", successor="SUCCESSOR", shape="acquisition", **when),
        OrganisationSucceeded(code="NEIGHBOUR", successor="SUCCESSOR", shape="boundary_change", **when),
        OrganisationSucceeded(code="OWNER", successor="10H", shape="acquisition", **when),
    )

    async def parties(on: date, known: datetime | None = None) -> tuple[set[str], set[str]]:
        found = await parties_of(harness.database, "T-1", ("10H", "10Y"), on=on, as_known=known)
        return set(found.codes), set(found.supplying)

    both, before = {"10H", "10Y"}, ON - timedelta(days=1)
    assert await parties(ON) == ({"SUCCESSOR"}, both)
    for earlier in (await parties(before), await parties(ON, at(ON) - timedelta(seconds=1))):
        assert earlier == ({"SUCCESSOR"}, set())


NODES = ("NA", "NB", "NC", "ND", "NE", "NF")
LAST = 6
_OTHERS = st.sampled_from(NODES[1:])
_DAYS = st.integers(0, LAST)


@dataclass(frozen=True)
class Tie:
    """The registry states of a day on, or until another, what part one owns of another; None: no longer any."""

    holder: str
    other: str
    share: Fraction | None
    first: int
    until: int | None


@dataclass(frozen=True)
class Hands:
    """Contracts states in whose hands a supplier is from a day on, whole."""

    supplier: str
    owner: str
    host: str
    first: int


@dataclass(frozen=True)
class Walked:
    """A path: the names of its edges, and the product of their shares."""

    edges: tuple[str, ...]
    share: Fraction


Edges = dict[str, tuple[str, str, Fraction]]


def on_day(number: int) -> date:
    return ON + timedelta(days=number)


def at_number(number: int) -> datetime:
    """The instant of the statement of this number."""
    return at(ON) + timedelta(minutes=number)


def as_event(number: int, stated: Tie | Hands) -> Event:
    """The event that states it."""
    when: dict[str, Any] = {"effective_on": on_day(stated.first), "stated_at": at_number(number)}
    if isinstance(stated, Hands):
        hands = {"owner": stated.owner, "host": stated.host, "owner_sector": "private", "status": "independent"}
        return SupplierChangedHands(supplier=stated.supplier, **hands, **when)
    tie: dict[str, Any] = {"code": stated.holder, "relation": "owns", "other": stated.other}
    if stated.share is None:
        return OrganisationUnrelated(**tie, **when)
    until = None if stated.until is None else on_day(stated.until)
    return OrganisationRelated(**tie, share=str(stated.share), until=until, **when)


@st.composite
def ties(draw: st.DrawFn) -> Tie:
    holder, other = draw(st.sampled_from(NODES)), draw(st.sampled_from(NODES))
    assume(holder != other)
    first = draw(_DAYS)
    until = draw(st.none() | st.integers(first + 1, LAST + 1))
    ends = draw(st.integers(0, 4)) == 0
    share = None if ends else Fraction(1, draw(st.integers(1, 9)))
    return Tie(holder, other, share, first, None if ends else until)


@st.composite
def changes_of_hands(draw: st.DrawFn) -> Hands:
    supplier = draw(_OTHERS)
    holders = st.sampled_from(["", *(node for node in NODES if node != supplier)])
    return Hands(supplier, draw(holders), draw(holders), draw(_DAYS))


def edges_on(stated: Sequence[Tie | Hands], day: int, known: int) -> Edges:
    """The edges of a day by the statements up to a number: of each, the last that speaks of the day counts."""
    found: dict[tuple[str, ...], Tie | Hands] = {}
    for one in stated[: known + 1]:
        if one.first <= day and (isinstance(one, Hands) or one.until is None or day < one.until):
            found[(one.supplier,) if isinstance(one, Hands) else (one.holder, one.other)] = one
    edges: Edges = {}
    for one in found.values():
        if isinstance(one, Tie) and one.share is not None:
            edges[f"registry {one.holder} owns {one.other}"] = (one.holder, one.other, one.share)
        if isinstance(one, Hands):
            for holder, relation in ((one.owner, "owns"), (one.host, "hosts")):
                if holder:
                    edges[f"contracts {holder} {relation} {one.supplier}"] = (holder, one.supplier, Fraction(1))
    return edges


def depth_first(edges: Edges, parties: set[str], hops: int, but: set[str]) -> set[Walked]:
    """Every way from the first node to a party, by trying each edge that leads on to a node not yet passed."""
    found: set[Walked] = set()
    waiting: list[tuple[tuple[str, ...], tuple[str, ...], Fraction]] = [((NODES[0],), (), Fraction(1))]
    while waiting:
        nodes, names, share = waiting.pop()
        for name, (holder, other, part) in edges.items():
            if holder != nodes[-1] or other in nodes or other in but or len(names) == hops:
                continue
            if other in parties:
                found.add(Walked((*names, name), share * part))
            else:
                waiting.append(((*nodes, other), (*names, name), share * part))
    return found


def cutting(name: str, day: int) -> Tie | Hands:
    """What ends an edge from a day on."""
    source, holder, _, other = name.split()
    return Tie(holder, other, None, day, None) if source == "registry" else Hands(other, "", "", day)


async def _agree(connection: asyncpg.Connection, data: st.DataObject) -> None:
    """The database walks as the depth-first walk does, on a day as known at an instant; cut, there is no path."""
    stated = data.draw(st.lists(st.one_of(ties(), ties(), ties(), changes_of_hands()), min_size=5, max_size=16))
    parties, but = data.draw(st.sets(_OTHERS, min_size=1, max_size=2)), data.draw(st.sets(_OTHERS, max_size=1))
    hops, day, known = data.draw(st.integers(1, 6)), data.draw(_DAYS), data.draw(st.integers(0, len(stated)))

    async def walk(on: int, as_known: int) -> set[Walked]:
        found = await find_paths(
            *(connection, [NODES[0]], parties),
            on=on_day(on),
            as_known=at_number(as_known),
            most_hops=hops,
            but=but,
        )
        paths = [Walked(tuple(edge.id for edge in path.edges), path.share) for _, path in found]
        assert len(set(paths)) == len(paths)
        return set(paths)

    order = data.draw(st.permutations(range(len(stated))))
    await know_links([as_event(number, stated[number]) for number in order], connection)
    now = len(stated) - 1
    for as_known in (known, now):
        expected = depth_first(edges_on(stated, day, as_known), parties - but, hops, but)
        assert await walk(day, as_known) == expected
        event(f"{min(len(expected), 3)} paths, the longest of {max((len(one.edges) for one in expected), default=0)}")
    cut = [cutting(data.draw(st.sampled_from(path.edges)), day) for path in sorted(expected, key=lambda one: one.edges)]
    whole = [*stated, *cut]
    await know_links([as_event(number, whole[number]) for number in range(now + 1, len(whole))], connection)
    assert await walk(day, len(whole)) == set()
    assert await walk(day, now) == expected
    assert await walk(day - 1, len(whole)) == depth_first(edges_on(stated, day - 1, now), parties - but, hops, but)


def test_paths_are_those_of_a_depth_first_walk_and_cutting_each_removes_the_conflict(url: str) -> None:
    with asyncio.Runner() as runner:
        connection = runner.run(asyncpg.connect(dsn(url)))

        async def rolled_back(data: st.DataObject) -> None:
            transaction = connection.transaction()
            await transaction.start()
            try:
                await _agree(connection, data)
            finally:
                await transaction.rollback()

        @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(st.data())
        def any_graph(data: st.DataObject) -> None:
            runner.run(rolled_back(data))

        any_graph()
        runner.run(connection.close())
