"""A decision is reversed after money was paid by it: nothing is undone, and findings say so until it is given back."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.ballots import Bodies
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

OPENED, TAKEN, PAID, REVERSED, BACK = (date(2017, month, 1) for month in (2, 3, 6, 7, 8))
AWARD: dict[str, Any] = {"kind": "award", "action": "contract.sign"}


@dataclass(frozen=True)
class Awarded:
    """A CCG's contract, its sum, and what of it is achieved at first and by a later look."""

    code: str
    sum_pence: int
    achieved: str
    paid_pence: int
    then: str
    left_pence: int

    @property
    def contract(self) -> str:
        return f"NETWORKS-{self.code}"


SETS = [
    pytest.param(Awarded("10H", 1_000_000, "1", 1_000_000, "0", 0), id="all of it goes back"),
    pytest.param(Awarded("05C", 99_999, "2/3", 66_666, "1/3", 33_333), id="second set: a part goes back"),
]


async def drafted(platform: Platform, case: Awarded) -> None:
    await platform.move_clocks(OPENED)
    await platform.call("POST", "registry", "/organisations/batch", json={"organisations": [a_ccg(case.code)]})
    await platform.caught_up()
    lines = [{"function": "payroll", "annual_pence": 1}]
    dates = {"starts_on": "2017-04-01", "last_day": "2019-03-31"}
    body = a_contract(reference=case.contract, customers=[case.code], supplier="NET0", lines=lines, **dates)
    await platform.call("POST", "contracts", "/contracts", json=body)


async def awarded_and_signed(platform: Platform, case: Awarded) -> None:
    for version, act in enumerate(("award", "signature"), 1):
        request: dict[str, Any] = {"json": {}, "headers": {"If-Match": f'"{version}"'}}
        path = f"/contracts/{case.contract}/{act}"
        await platform.call("POST", "contracts", path, Role.CONTRACT_LEAD, organisations=(case.code,), **request)
    schedule = {"sum_pence": case.sum_pence, "payees": [{"code": "NET0"}], "advance": "0", "balance_on": "2017-05-01"}
    path = f"/schedules/{case.contract}"
    await platform.call("POST", "contracts", path, json=schedule, organisations=(case.code,))


async def decides(bodies: Bodies, case: Awarded, day: date, choice: str = "for") -> str:
    await bodies.platform.move_clocks(day)
    proposal = await bodies.propose(case.code, case.contract, due_on=day, **AWARD)
    item = await bodies.vote(case.code, proposal["proposal"], on=day, choice=choice)
    await bodies.platform.caught_up()
    return str(item["result"]["decision"])


async def achieves(platform: Platform, case: Awarded, day: date, part: str) -> None:
    await platform.move_clocks(day)
    body = {"contract": case.contract, "payee": "NET0", "achievement": part, "document": "Review"}
    await platform.call("POST", "contracts", "/achievements", json=body, organisations=(case.code,))
    await platform.caught_up()
    await platform.move_clocks(day.replace(day=3))


async def findings(platform: Platform, service: str, kind: str, **asked: str) -> list[Any]:
    page = await platform.call("GET", service, "/findings", params={"kind": kind, **asked})
    return [(one["about"][0], one["exposure_pence"], one["reason"]) for one in page["items"]]


@pytest.mark.parametrize("case", SETS)
async def test_what_was_paid_by_a_decision_is_a_finding_once_it_is_reversed_until_it_is_given_back(
    platform: Platform, case: Awarded
) -> None:
    await drafted(platform, case)
    await awarded_and_signed(platform, case)
    await platform.caught_up()
    bodies = Bodies(platform)
    await bodies.establish([case.code], on=OPENED, action=AWARD["action"])
    decision = await decides(bodies, case, TAKEN)
    await achieves(platform, case, PAID, case.achieved)
    paid = await platform.call("GET", "finance", "/payments", params={"contract": case.contract})
    assert [one["paid_pence"] for one in paid["items"] if one["status"] == "paid"] == [case.paid_pence]
    assert await findings(platform, "finance", "not_put_back") == []

    later = await decides(bodies, case, REVERSED, "against")
    path = f"/decisions/{decision}/reversal"
    await bodies.call(case.code, "POST", path, {"by_decision": later})
    await platform.caught_up()
    await platform.move_clocks(REVERSED.replace(day=2))
    contract = await platform.call("GET", "contracts", f"/contracts/{case.contract}")
    assert contract["status"] == "active", "nothing is undone"
    assert await findings(platform, "finance", "not_put_back") == [(decision, case.paid_pence, None)]
    assert [about for about, *_ in await findings(platform, "contracts", "authority_reversed")] == [case.contract]

    await achieves(platform, case, BACK, case.then)
    found = await findings(platform, "finance", "not_put_back", cleared="true")
    left = [(decision, case.left_pence, None)] if case.left_pence else []
    reason = "superseded" if case.left_pence else "put_back"
    assert found == [(decision, case.paid_pence, reason), *left]
    feed = await platform.call("GET", "finance", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    names = [one["event"]["type"].split(".")[-2] for one in feed["items"]]
    assert [name for name in names if name.startswith("Payment")] == ["PaymentMade", "PaymentReversed"]
