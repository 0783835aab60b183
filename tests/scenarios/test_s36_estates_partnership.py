"""S36: a strategic estates partnership is chosen only where it is strictly better than every other route."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg
from tests.support.platform import Platform


@pytest.mark.parametrize(
    ("quotes", "missing"), [((420_000_000, 410_000_000, 460_000_000), 0), ((99_900_002, 120_000_000, 99_900_001), 1)]
)
async def test_s36_worse_and_equal_are_refused_and_a_reason_counts_with_its_value(
    platform: Platform, quotes: tuple[int, int, int], missing: int
) -> None:
    await platform.move_clocks(date(2017, 3, 1))
    await platform.call(
        "POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": [a_ccg("05C")]}
    )
    await platform.caught_up()
    sep, framework, stand_alone = quotes
    best = min(framework, stand_alone)

    async def choose(number: int, expect: int = 201, by: str = "05C", **changed: Any) -> Any:
        body = {
            "reference": f"SEP-DUDLEY-{number}",
            "organisation": "05C",
            "partnership": "SEP1",
            "project": "A health centre",
            "quotes": {"sep_pence": sep, "framework_pence": framework, "stand_alone_pence": stand_alone},
            "chosen": "sep",
            "decided_on": "2017-03-01",
        } | changed
        return await platform.call(
            "POST",
            "contracts",
            "/route-comparisons",
            Role.CONTRACT_LEAD,
            organisations=(by,),
            expect=expect,
            json=body,
        )

    def with_sep(pence: int) -> dict[str, Any]:
        return {"quotes": {"sep_pence": pence, "framework_pence": framework, "stand_alone_pence": stand_alone}}

    worse = await choose(1, 409)
    assert worse["type"].endswith("/no-better-than")
    assert "worse than" in worse["reasons"][0]["message"]
    assert "a tie" in (await choose(1, 409, **with_sep(best)))["detail"]
    assert "no alternative" in (await choose(1, 409, quotes={"sep_pence": 1}))["detail"]
    tie = [{"reason": "Land beside the hospital", "value_pence": sep - best}]
    assert "a tie" in (await choose(1, 409, reasons=tie))["detail"]
    enough = [{"reason": "Land beside the hospital", "value_pence": sep - best + 1}]
    allowed = await choose(1, reasons=enough)
    assert (allowed["better_by_pence"], allowed["is_open"], allowed["rule_pack"]) == (1, True, "partnership-route-2017")
    assert allowed["best_alternative"] == ("framework", "stand_alone")[missing]
    assert (await choose(2, **with_sep(best - 1)))["better_by_pence"] == 1
    assert (await choose(3, chosen="stand_alone"))["is_open"] is False
    assert (await choose(3, 409, chosen="stand_alone"))["type"].endswith("/comparison-exists")
    assert (await choose(4, 403, by="05L", chosen="stand_alone"))["type"].endswith("/not-yours-to-decide")

    async def listed(*organisations: str, **asked: str) -> list[str]:
        found = await platform.call(
            "GET", "contracts", "/route-comparisons", Role.PARTNER, organisations=organisations, params=asked
        )
        return [one["reference"] for one in found["items"]]

    assert await listed("05C") == ["SEP-DUDLEY-1", "SEP-DUDLEY-2", "SEP-DUDLEY-3"]
    assert (await listed("05L"), await listed("05C", as_at="2017-02-28")) == ([], [])
    path = "/route-comparisons/SEP-DUDLEY-1"
    await platform.call("GET", "contracts", path, Role.PARTNER, organisations=("05L",), expect=404)
    shown = await platform.call("GET", "contracts", path, Role.PARTNER, organisations=("05C",))
    assert shown == allowed
