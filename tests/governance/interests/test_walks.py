"""Interests in the database: walked as an independent walk does, from events and declarations."""

import math
import random
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import networkx as nx

from libs.common.events.contracts import SupplierChangedHands
from libs.common.events.registry import OrganisationRelated, OrganisationUnrelated
from services.governance.interests.queries import find_conflicts, find_paths
from services.governance.interests.rules import Action, strictest
from services.governance.interests.walks import InterestType
from tests.support.governance_harness import ENGLAND_OPENED, GovernanceHarness, at

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


GRAPHS, NODES = 60, 7


def a_graph(number: int) -> tuple[list[OrganisationRelated], set[str], int]:
    """Random ties among seven bodies, cycles too; two of them are parties; how many edges a path may have."""
    drawn = random.Random(number)
    names = [f"G{number}N{node}" for node in range(NODES)]
    pairs = {tuple[str, ...](drawn.sample(names, 2)) for _ in range(drawn.randint(3, 16))}
    ties = [related(one, other, f"1/{drawn.randint(2, 9)}") for one, other in sorted(pairs)]
    return ties, set(drawn.sample(names[1:], 2)), drawn.randint(1, NODES - 1)


def by_networkx(ties: list[OrganisationRelated], parties: set[str], hops: int) -> dict[tuple[str, ...], Fraction]:
    """The simple paths from the first node that pass no party, with the product of their shares."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for tie in ties:
        graph.add_edge(tie.code, tie.other, share=Fraction(tie.share))
    first = f"{ties[0].code.partition('N')[0]}N0"
    if first not in graph:
        return {}
    ends = [party for party in parties if party in graph]
    paths = [tuple(path) for party in ends for path in nx.all_simple_paths(graph, first, party, cutoff=hops)]
    return {
        path: math.prod((graph.edges[pair]["share"] for pair in pairwise(path)), start=Fraction(1))
        for path in paths
        if not parties.intersection(path[:-1])
    }


async def test_paths_are_those_of_networkx_and_cutting_each_removes_the_conflict(harness: GovernanceHarness) -> None:
    graphs = [a_graph(number) for number in range(GRAPHS)]
    await harness.hear(*(tie for ties, _, _ in graphs for tie in ties))
    cut: set[tuple[str, str]] = set()
    lengths: set[int] = set()
    for number, (ties, parties, hops) in enumerate(graphs):
        first = f"G{number}N0"
        paths = await find_paths(harness.database, [first], parties, on=ON, as_known=None, most_hops=hops)
        found = {(first, *(edge.other for edge in path.edges)): path.share for _, path in paths}
        assert found == by_networkx(ties, parties, hops), number
        cut |= {(path[-2], path[-1]) for path in found}
        lengths |= {len(path) for path in found}
    assert len(lengths) > 3
    day: dict[str, Any] = {"effective_on": ON, "stated_at": at(ON)}
    await harness.hear(
        *(OrganisationUnrelated(code=one, relation="owns", other=other, **day) for one, other in sorted(cut))
    )
    for number, (_, parties, hops) in enumerate(graphs):
        asked: dict[str, Any] = {"on": ON, "as_known": None, "most_hops": hops}
        assert await find_paths(harness.database, [f"G{number}N0"], parties, **asked) == [], number
