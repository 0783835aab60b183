"""S38: the allowance a head as it was believed when only drafts had been stated, and no CCG was open."""

from fractions import Fraction
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.platform import Platform

DRAFTS = [("2011-10-31", Fraction(25), Fraction(35)), ("2012-01-31", Fraction(25), Fraction(25))]
"""When each draft was stated, and from how many pounds a head to how many."""


def expected(people: int, day: str) -> tuple[int, int]:
    """From how many pence to how many, as known at the end of a day, on exact pounds."""
    _, low, high = [draft for draft in DRAFTS if draft[0] <= day][-1]
    return int(people * low * 100), int(people * high * 100)


@pytest.mark.parametrize(("code", "people", "amount"), [("06H", 856_000, "£21,400,000.00"), ("99M", 87_654, None)])
async def test_s38_the_range_of_the_first_draft_is_still_what_was_known_then(
    platform: Platform, code: str, people: int, amount: str | None
) -> None:
    stated = {"Stated-At": "2011-10-31"}
    opened = {"code": code, "name": f"NHS {code} CCG", "kind": "ccg", "effective_on": "2013-04-01"}
    roles = (Role.REGISTRAR, Role.LOADER)
    await platform.call("POST", "registry", "/organisations", *roles, json=opened, headers=stated)
    count = {"basis": "registered", "people": people, "effective_on": "2011-10-31"}
    await platform.call("POST", "registry", f"/organisations/{code}/populations", *roles, json=count, headers=stated)
    await platform.caught_up()

    for day, pack in [("2011-12-01", "rca-draft-2011-10"), ("2012-03-01", "rca-draft-2012-01")]:
        seen = await ask(platform, code, day)
        assert (seen["amount_pence"], seen["amount_pence_high"]) == expected(people, day)
        assert (seen["pack"], seen["indicative"], seen["population"]) == (pack, True, people)
    if amount:
        assert seen["amount"] == amount
        assert expected(people, "2011-12-01") == (21_400_000_00, 29_960_000_00)

    final = await ask(platform, code, "2013-04-02")
    assert (final["pack"], final["indicative"], final["status"]) == ("rca-2013-14", False, "open")
    refused = await ask(platform, code, "2011-10-01", expect=409)
    assert refused["type"].endswith("no-rate-yet")
    assert "no running-cost allowance had been stated by 2011-10-01" in refused["detail"]
    uncounted = await ask(platform, code, "2011-12-01", expect=404, organisation="ZZZ")
    assert uncounted["type"].endswith("population-not-found")
    named = await ask(platform, code, "2011-12-01", organisation="ZZZ", population=1000)
    assert (named["amount_pence"], named["amount_pence_high"], named["counted_on"]) == (25_000_00, 35_000_00, None)


async def ask(platform: Platform, code: str, known: str, *, expect: int = 200, **asked: Any) -> Any:
    params = {"organisation": code, "year": "2013-14", "as_known": known} | asked
    return await platform.call("GET", "finance", "/allowances/indicative", Role.PARTNER, expect=expect, params=params)
