"""RCA-1 over HTTP: lists by local authority, as the registry published them, give moderated allowances to the penny."""

from fractions import Fraction
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.platform import Platform

Lists = dict[tuple[str, str], int]
RATE = 2500
"""Pence a head in 2013-14."""


async def counted(platform: Platform, lists: Lists, totals: dict[str, int], *, on: str) -> None:
    """Lists are stated in one revision, the people of an authority by themselves."""
    bodies = sorted({code for code, _ in lists})
    revised = [
        {
            "code": body,
            "populations": [
                {"basis": "registered", "people": people, "local_authority": authority, "source": "nhse:lists"}
                for (code, authority), people in lists.items()
                if code == body
            ],
        }
        for body in bodies
    ]
    revisions = {"effective_on": on, "organisations": revised}
    await platform.call("POST", "registry", "/organisations/revisions", Role.REGISTRAR, json=revisions)
    for authority, people in totals.items():
        body = {"basis": "resident", "people": people, "effective_on": on, "source": "ons:projections"}
        await platform.call("POST", "registry", f"/organisations/{authority}/populations", Role.REGISTRAR, json=body)
    await platform.caught_up()


def moderated(lists: Lists, totals: dict[str, int]) -> dict[str, Fraction]:
    """Each body's people by the rule, in fractions."""
    people = dict.fromkeys((code for code, _ in lists), Fraction(0))
    for (code, authority), registered in lists.items():
        of_authority = sum(number for (_, one), number in lists.items() if one == authority)
        people[code] += Fraction(registered * totals[authority], of_authority)
    return people


GOLDEN: Lists = {("10H", "LA1"): 64_100, ("10Y", "LA1"): 31_150, ("10Y", "LA2"): 12_500, ("11C", "LA2"): 8_000}
SECOND: Lists = {("10H", "LA1"): 41_003, ("10Y", "LA1"): 77_771, ("11C", "LA1"): 9, ("11C", "LA2"): 23_456}


@pytest.mark.parametrize(
    ("lists", "totals", "corrected"),
    [
        pytest.param(GOLDEN, {"LA1": 100_000, "LA2": 20_000}, 110_000, id="RCA-1"),
        pytest.param(SECOND, {"LA1": 120_001, "LA2": 23_455}, 99_999, id="a second set"),
    ],
)
async def test_lists_by_authority_are_moderated_and_a_corrected_authority_restates_each_of_its_bodies(
    platform: Platform, lists: Lists, totals: dict[str, int], corrected: int
) -> None:
    await platform.move_clocks(None)
    opened = [
        {"code": code, "name": f"NHS {code}", "kind": kind, "effective_on": "2012-04-01"}
        for code, kind in (
            *dict.fromkeys(((code, "ccg") for code, _ in lists)),
            *((code, "local_authority") for code in totals),
        )
    ]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": opened})
    await counted(platform, lists, totals, on="2013-01-01")
    await platform.move_clocks(None)

    amounts = await figures(platform, lists, totals)
    if lists is GOLDEN:
        assert amounts == {"10H": 1_682_414_70, "10Y": 1_122_463_35, "11C": 195_121_95}

    again = totals | {"LA1": corrected}
    await counted(platform, {("10H", "LA1"): lists["10H", "LA1"]}, {"LA1": corrected}, on="2013-01-01")
    await platform.move_clocks(None)
    await figures(platform, lists, again)

    shown = await platform.call("GET", "registry", "/organisations/10Y/populations", params={"as_at": "2013-02-01"})
    assert {(one["local_authority"], one["people"]) for one in shown["by_authority"]} == {
        (authority, people) for (code, authority), people in lists.items() if code == "10Y"
    }
    assert shown["populations"] == []


async def figures(platform: Platform, lists: Lists, totals: dict[str, int]) -> dict[str, int]:
    """Compare what finance shows with the rule; return the amounts."""
    amounts = {}
    for code, people in moderated(lists, totals).items():
        seen: dict[str, Any] = await platform.call("GET", "finance", f"/allowances/{code}/2013-14")
        assert Fraction(seen["as_set"]["moderated"]) == people
        assert abs(seen["amount_pence"] - people * RATE) < 2
        amounts[code] = seen["amount_pence"]
    assert sum(amounts.values()) == RATE * sum(totals.values())
    return amounts
