"""S39: localities' budgets stay inside their body's allowance, and stay the body's own."""

from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.support.builders import a_ccg
from tests.support.platform import Platform

YEAR = "2013-14"
BODIES = {"06H": (856_000, [1_000_000_000, 640_000_000, 500_000_000]), "10Y": (205_333, [200_000_000, 313_332_500])}
"""People at £25.00 a head, and what its localities have: together all of it."""


def lines(amounts: list[int]) -> list[dict[str, Any]]:
    kind = {"account": "5210", "function": "locality", "pay": False, "recurrent": True, "admin": True}
    return [kind | {"locality": f"L{number}", "amount_pence": amount} for number, amount in enumerate(amounts)]


async def test_s39_a_pound_above_the_allowance_is_refused_and_localities_stay_the_bodys_own(
    platform: Platform,
) -> None:
    await platform.move_clocks(date(2013, 4, 2))
    opened = {"organisations": [a_ccg(code) for code in BODIES]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=opened)
    await platform.caught_up()
    for code, (people, amounts) in BODIES.items():
        ceiling = people * 2500
        assert sum(amounts) == ceiling
        lead: dict[str, Any] = {"organisations": (code,)}
        population = {"population": people, "source": "GP registered lists"}
        path = f"/organisations/{code}/populations/{YEAR}"
        await platform.call("PUT", "finance", path, Role.FINANCE_LEAD, json=population, **lead)
        budget = f"/organisations/{code}/budgets/{YEAR}"
        body = {"lines": lines(amounts)}
        set_lines = await platform.call("POST", "finance", f"{budget}/lines", Role.FINANCE_LEAD, json=body, **lead)
        [first, *_] = set_lines
        corrected = {"amount_pence": amounts[0] + 100}
        version = {"If-Match": f'"{first["version"]}"'}
        path = f"{budget}/lines/{first['line']}"
        refused = await platform.call(
            "PUT", "finance", path, Role.FINANCE_LEAD, json=corrected, headers=version, expect=409, **lead
        )
        assert refused["type"].endswith("/ceiling-exceeded")
        assert f"£{(ceiling + 100) / 100:,.2f}" in refused["detail"]
        assert f"£{ceiling / 100:,.2f}" in refused["detail"]

        now = await platform.call("GET", "finance", budget, Role.PARTNER, **lead)
        assert (now["amount_pence"], now["ceiling"]["headroom_pence"]) == (ceiling, 0)
        assert [(one["owner"], one["devolved"], one["amount_pence"]) for one in now["localities"]] == [
            (code, True, amount) for amount in amounts
        ]
        read = await platform.call("GET", "finance", path, Role.PARTNER, **lead)
        assert (read["organisation"], read["amount_pence"], len(read["entries"])) == (code, amounts[0], 1)
        programme = {**lines([100])[0], "admin": False, "locality": ""}
        body = {"lines": [programme]}
        await platform.call("POST", "finance", f"{budget}/lines", Role.FINANCE_LEAD, json=body, **lead)
    stranger: dict[str, Any] = {"organisations": ("99X",), "expect": 404}
    await platform.call("GET", "finance", f"/organisations/06H/budgets/{YEAR}", Role.PARTNER, **stranger)
