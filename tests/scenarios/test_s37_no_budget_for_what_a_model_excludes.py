"""S37, finance's part: no budget of a service that a care model excludes is transferred to the model."""

from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.support.builders import a_ccg, an_organisation
from tests.support.platform import Platform

YEAR = "2017-18"
# A place, its trust, and what its lines have: community, mental health and core primary care.
ACOS = {"00L": ("RTF", (4_000_000_00, 2_500_000_00, 1_000_000_00)), "06K": ("RWG", (123_456_78, 9_876_54, 33))}
SERVICES = ("community", "mental_health", "core_primary_care")


async def test_s37_a_transfer_with_a_line_of_core_primary_care_is_refused_whole(platform: Platform) -> None:
    await platform.move_clocks(date(2017, 4, 3))
    bodies = [a_ccg(code) for code in ACOS] + [an_organisation(trust, "foundation_trust") for trust, _ in ACOS.values()]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    await platform.caught_up()
    for place, (trust, amounts) in ACOS.items():
        model = {
            "reference": f"{place}-ACO",
            "model": "aco",
            "name": "Accountable care organisation",
            "place": place,
            "partners": [trust],
            "services": "all services except core primary care",
            "excludes": ["core_primary_care"],
        }
        unknown = await set_lines(platform, place, amounts, model=f"{place}-ACO", expect=409)
        assert unknown["type"].endswith("/care-model-unknown")
        await platform.call("POST", "registry", "/care-models", Role.REGISTRAR, json=model)
        await platform.caught_up()
        own = await set_lines(platform, place, amounts)
        targets = await set_lines(platform, place, (0, 0), model=f"{place}-ACO")
        excluded = await set_lines(platform, place, (0, 0, 0), model=f"{place}-ACO", expect=409)
        assert [one["field"] for one in excluded["reasons"]][-1] == "lines.2"
        moves = [
            {"from_line": one["line"], "to_line": targets[number % 2]["line"], "amount_pence": amount}
            for number, (one, amount) in enumerate(zip(own, (100, 200, 30), strict=True))
        ]
        refused = await move(platform, place, moves, expect=409)
        assert refused["type"].endswith("/excluded-from-care-model")
        [reason] = refused["reasons"]
        assert (reason["field"], f"{place}-ACO excludes core_primary_care" in reason["message"]) == (
            "moves.2.from_line",
            True,
        )
        assert await read(platform, place) == [*amounts, 0, 0]
        await move(platform, place, moves[:2], expect=201)
        assert await read(platform, place) == [amounts[0] - 100, amounts[1] - 200, amounts[2], 100, 200]


async def set_lines(
    platform: Platform, place: str, amounts: tuple[int, ...], *, model: str = "", expect: int = 201
) -> Any:
    kind = {"account": "6100", "function": "care", "pay": False, "recurrent": True, "admin": False, "care_model": model}
    lines = [
        kind | {"service": service, "amount_pence": amount} for service, amount in zip(SERVICES, amounts, strict=False)
    ]
    path = f"/organisations/{place}/budgets/{YEAR}/lines"
    return await platform.call("POST", "finance", path, Role.FINANCE_LEAD, json={"lines": lines}, expect=expect)


async def move(platform: Platform, place: str, moves: list[dict[str, Any]], *, expect: int) -> Any:
    lead: dict[str, Any] = {"organisations": (place,), "expect": expect}
    return await platform.call("POST", "finance", "/virements", Role.FINANCE_LEAD, json={"moves": moves}, **lead)


async def read(platform: Platform, place: str) -> list[int]:
    page = await platform.call("GET", "finance", f"/organisations/{place}/budgets/{YEAR}/lines", Role.PARTNER)
    return [one["amount_pence"] for one in page["items"]]
