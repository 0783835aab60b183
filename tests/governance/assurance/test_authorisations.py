"""Authorisations: the three waves as reported, as at and as known; conditions, directions, and checkpoints."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from libs.common.database.connection import raw
from libs.common.events.contracts import ContractSigned, ContractTerminated, SupplierAssessed
from libs.common.events.registry import OrganisationProposed
from libs.common.identity import Caller, Role
from libs.common.messaging.bus.direct import DirectBus
from services.governance.assurance.commands import DecideAuthorisation, LiftCondition, decide_authorisation
from services.governance.assurance.commands import lift_condition as lift
from services.governance.assurance.models import Authorised
from services.governance.assurance.queries import AuthorisationFilter, list_authorisations
from services.governance.assurance.views import AuthorisationView
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import GovernanceHarness, a_lead, at

BOARD = Caller(subject="nhscb", roles=frozenset({Role.NHS_ENGLAND}), organisations=frozenset({"*"}))
GUIDE, MARCH = date(2012, 4, 13), date(2013, 3, 28)
TOOLKIT, SIGN_OFF, DIRECTIONS = 1, 3, 4


@dataclass(frozen=True)
class Wave:
    """What was reported of a wave, which has `most` conditions in one of those with conditions, and 1 in another."""

    number: int
    decided_on: date
    clean: int
    conditions: int
    most: int
    directions: int
    deferred: int = 0
    sign_off: int = 0

    @property
    def size(self) -> int:
        return self.clean + self.conditions + self.directions + self.deferred

    def decisions(self) -> list[dict[str, Any]]:
        """A decision for each CCG: deferred, in full, with conditions, with directions."""
        levels = [[TOOLKIT] * (1 + number % self.most) for number in range(self.conditions)]
        for number in range(self.sign_off):
            levels[number][0] = SIGN_OFF
        with_some = [
            *([] for _ in range(self.clean)),
            *levels,
            *([DIRECTIONS, TOOLKIT] for _ in range(self.directions)),
        ]
        lists = [
            [{"criterion": n, "domain": "plans", "level": one} for n, one in enumerate(own, 1)] for own in with_some
        ]
        return [*({"deferred": True} for _ in range(self.deferred)), *({"conditions": own} for own in lists)]


# The days are those of the test; what was decided is rules 1.3.
WAVES = [
    Wave(1, date(2012, 12, 10), clean=8, conditions=26, most=14, directions=0, deferred=1),
    Wave(2, date(2013, 1, 23), clean=19, conditions=45, most=22, directions=3, sign_off=17),
    Wave(3, date(2013, 2, 20), clean=6, conditions=56, most=9, directions=5),
]


async def propose(harness: GovernanceHarness, *codes: str) -> None:
    stated = {"effective_on": GUIDE, "stated_at": at(GUIDE, 0), "kind": "ccg"}
    await harness.hear(*(OrganisationProposed(code=code, name=f"NHS {code} CCG", **stated) for code in codes))


async def decide(harness: GovernanceHarness, *commands: dict[str, Any], on: date) -> list[str]:
    async with harness.database.begin() as session:
        return [
            await decide_authorisation(
                session,
                DecideAuthorisation.model_validate({"decided_on": on} | one),
                by=BOARD,
                today=on,
                stated_at=at(on) + timedelta(milliseconds=number),
            )
            for number, one in enumerate(commands)
        ]


async def standing(
    harness: GovernanceHarness, *, as_at: date, as_known: date | None = None, by: Caller = BOARD, **wanted: Any
) -> list[AuthorisationView]:
    async with harness.database.begin() as session:
        found = await list_authorisations(
            await raw(session),
            AuthorisationFilter(**wanted),
            by=by,
            as_at=as_at,
            as_known=at(as_known, 23) if as_known else None,
            after=None,
            limit=500,
        )
    return [view for _, view in found]


@pytest.mark.parametrize("wave", WAVES, ids=["first", "second", "third"])
async def test_a_wave_stands_as_it_was_reported_and_as_it_was_known(harness: GovernanceHarness, wave: Wave) -> None:
    codes = [f"W{number:02}" for number in range(wave.size)]
    await propose(harness, *codes)
    given = [
        {"organisation": code, "wave": wave.number, **one} for code, one in zip(codes, wave.decisions(), strict=True)
    ]
    made = await decide(harness, *given, on=wave.decided_on)

    found = await standing(harness, as_at=wave.decided_on, wave=wave.number)
    expected = {
        Authorised.DEFERRED: wave.deferred,
        Authorised.IN_FULL: wave.clean,
        Authorised.WITH_CONDITIONS: wave.conditions,
        Authorised.WITH_DIRECTIONS: wave.directions,
    }
    assert Counter(one.stands_at for one in found) == +Counter(expected)
    counts = [len(one.conditions) for one in found if one.outcome is Authorised.WITH_CONDITIONS]
    assert (min(counts), max(counts)) == (1, wave.most)
    assert sum(one.sign_off for one in found) == wave.sign_off
    assert await standing(harness, as_at=wave.decided_on - timedelta(days=1)) == []
    assert await standing(harness, as_at=MARCH, as_known=wave.decided_on - timedelta(days=1)) == []

    # One with a single condition shows that it is met; the first one is decided on anew.
    single = next(one for one in found if one.outcome is Authorised.WITH_CONDITIONS and len(one.conditions) == 1)
    async with harness.database.begin() as session:
        shown = LiftCondition(lifted_on=MARCH, sha256="a" * 64)
        await lift(session, single.authorisation, 1, shown, by=BOARD, today=MARCH, stated_at=at(MARCH))
    [again] = await decide(harness, {"organisation": codes[0], "wave": wave.number + 1}, on=MARCH)
    then = {one.organisation: one for one in await standing(harness, as_at=MARCH)}
    assert len(then) == wave.size
    assert then[single.organisation].stands_at is Authorised.IN_FULL
    assert then[single.organisation].outcome is Authorised.WITH_CONDITIONS
    assert then[codes[0]].authorisation == again
    before = {one.organisation: one for one in await standing(harness, as_at=MARCH, as_known=wave.decided_on)}
    assert before[single.organisation].stands_at is Authorised.WITH_CONDITIONS
    assert before[codes[0]].authorisation == made[0]
    assert [one.organisation for one in await standing(harness, as_at=MARCH, by=a_lead(codes[1]))] == [codes[1]]


@pytest.fixture
async def client(url: str, harness: GovernanceHarness, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service on 3 June 2013, called by NHS England; 10H has a body with a right, and two CCGs are proposed."""
    await propose(harness, "05C", "06A")
    await harness.bucks()
    await harness.grant("10H", function=None, action="contract", value_limit_pence=None)
    bus, board = DirectBus({"registry": url}), tokens.header(Role.NHS_ENGLAND, organisations=("*",))
    async with running_service("governance", tokens.settings(url), bus, board) as (_, client):
        moved = {"moved_to": "2013-06-03"}
        await client.put("/v1/operations/clock", json=moved, headers=tokens.header(Role.OPERATOR))
        yield client


def refusals(answer: httpx.Response) -> dict[str, str]:
    """The kind of a refusal, and what it says of each field."""
    found = {reason["field"]: reason["message"] for reason in answer.json()["reasons"]}
    return {"type": answer.json()["type"].rpartition("/")[2]} | found


async def test_a_direction_moves_a_function_until_evidence_lifts_its_condition(
    client: httpx.AsyncClient, harness: GovernanceHarness, tokens: Tokens
) -> None:
    asked: dict[str, Any] = {
        "organisation": "10H",
        "body": "10H-governing-body",
        "action": "contract.award.payroll",
        "value_pence": 5,
    }

    async def answer(day: str, **other: Any) -> dict[str, Any]:
        body = {name: value for name, value in (asked | other).items() if value is not None}
        found: dict[str, Any] = (await client.post("/v1/questions/can", json=body, params={"as_at": day})).json()
        return found

    async def can(day: str) -> tuple[bool, list[str]]:
        found = await answer(day)
        return found["may"], found["notes"]

    assert await can("2013-06-03") == (True, [])
    conditions = [
        {"criterion": 17, "domain": "plans", "level": 1, "rectify_by": "2013-06-30"},
        {"criterion": 41, "domain": "governance", "level": 4, "functions": ["contract.award"], "exercised_by": "05C"},
    ]
    given = {"organisation": "10H", "wave": 2, "decided_on": "2013-06-03", "conditions": conditions}
    wrong = [{"criterion": 120, "domain": "magic", "level": 9}, conditions[1] | {"level": 1, "exercised_by": "ZZZ"}]
    refused = await client.post("/v1/authorisations", json=given | {"wave": 5, "conditions": wrong})
    assert refusals(refused) == {
        "type": "criterion-not-listed",
        "wave": "ccg-authorisation-2012 has 4 waves, not 5",
        "conditions.0.criterion": "ccg-authorisation-2012 has 119 criteria, and no 120",
        "conditions.0.domain": "magic is no domain of ccg-authorisation-2012: clinical-focus, engagement, plans, "
        "governance, collaboration, leadership",
        "conditions.0.level": "9 is no level of support of ccg-authorisation-2012: 1, 2, 3, 4, 5, 6",
        "conditions.1.functions": "criterion 41 has level 1, which moves no function",
        "conditions.1.exercised_by": "ZZZ is unknown on 2013-06-03",
    }
    made = await client.post("/v1/authorisations", json=given)
    assert made.status_code == 201, made.text
    assert (made.json()["outcome"], made.json()["stands_at"]) == (Authorised.WITH_DIRECTIONS,) * 2
    path = f"/v1/authorisations/{made.json()['authorisation']}"
    note = f"contract.award.payroll is exercised by 05C, by the directions of {made.json()['authorisation']}."
    assert await can("2013-06-03") == (False, [note])
    assert await can("2013-06-02") == (True, [])
    await harness.body("05C", "Accountable officer")
    await harness.person("officer", organisation="05C")
    await harness.appoint("05C/accountable-officer", "officer")
    by = {"body": "05C-governing-body"}
    proof = await answer("2013-06-03", **by)
    assert (proof["may"], proof["chain"]["rights"]) == (True, [])
    assert proof["chain"]["power"]["id"] == made.json()["authorisation"]
    assert not (await answer("2013-06-02", **by))["may"]
    path_of_binding = "/v1/bodies/05C-governing-body/binding"
    asked_of_it = {"action": "contract.award.payroll", "as_at": "2013-06-03"}
    assert (await client.get(path_of_binding, params=asked_of_it)).json()["binds"] == ["05C", "10H"]
    # Whoever has a right there may too, within its limit; what the organisation itself decided counts.
    officer = {"body": None, "post": "05C/accountable-officer"}
    assert not (await answer("2013-06-03", **officer))["may"]
    await harness.grant("05C", post=officer["post"], function=None, action="contract", value_limit_pence=5)
    assert (await answer("2013-06-03", **officer))["may"]
    above = await answer("2013-06-03", **officer, value_pence=123_456)
    assert (above["may"], [one["missing"] for one in above["missing"]]) == (False, ["limit"])
    assert above["missing"][0]["repair"] == "the value is at most £0.05 (single)"

    async def deciders(day: str) -> tuple[bool, list[tuple[str, bool]], list[dict[str, str]]]:
        of = {"organisation": "10H", "value_pence": "5", "as_at": day}
        found = (await client.get("/v1/actions/contract.award.payroll/deciders", params=of)).json()
        named = [(one["post"] or one["body"], one["may_decide"]) for one in found["deciders"]]
        return found["anybody_may"], named, found["directed"]

    own = "10H-governing-body"
    by_directions = {"organisation": "05C", "body": by["body"], "authorisation": made.json()["authorisation"]}
    assert await deciders("2013-06-02") == (True, [(own, True)], [])
    assert await deciders("2013-06-03") == (True, [(own, False), (officer["post"], True)], [by_directions])

    lifting = {"lifted_on": "2013-06-02", "sha256": "b" * 64, "document": "Plan for 2013-14"}
    early = await client.post(f"{path}/conditions/99/lifting", json=lifting)
    assert refusals(early) == {
        "type": "not-a-condition",
        "criterion": f"{made.json()['authorisation']} has no condition 99",
        "lifted_on": "2013-06-02 lies before 2013-06-03, the day of the decision",
    }
    lifted = await client.post(f"{path}/conditions/41/lifting", json=lifting | {"lifted_on": "2013-07-01"})
    assert lifted.status_code == 201, lifted.text
    assert lifted.json()["stands_at"] == Authorised.WITH_CONDITIONS
    assert [one["overdue"] for one in lifted.json()["conditions"]] == [True, False]
    assert [await can(day) for day in ("2013-06-30", "2013-07-01")] == [(False, [note]), (True, [])]
    assert [(await answer(day, **by))["may"] for day in ("2013-06-30", "2013-07-01")] == [True, False]
    twice = await client.post(f"{path}/conditions/41/lifting", json=lifting | {"lifted_on": "2013-07-02"})
    assert refusals(twice) == {"type": "lifted-already", "criterion": "condition 41 was lifted from 2013-07-01 on"}

    async def overdue(day: str) -> list[tuple[list[str], str]]:
        await client.put("/v1/operations/clock", json={"moved_to": day}, headers=tokens.header(Role.OPERATOR))
        own = tokens.header(Role.GOVERNANCE_LEAD, organisations=("10H",))
        answer = await client.get("/v1/findings", params={"kind": "condition_overdue"}, headers=own)
        return [(one["about"], one["due_on"]) for one in answer.json()["items"]]

    authorisation = made.json()["authorisation"]
    assert await overdue("2013-06-30") == []
    assert await overdue("2013-07-01") == [([authorisation, "10H"], "2013-06-30")]
    again = await client.post("/v1/authorisations", json=given | {"conditions": [], "decided_on": "2013-07-03"})
    assert again.json()["outcome"] == Authorised.IN_FULL
    late = await client.post(f"{path}/conditions/17/lifting", json=lifting | {"lifted_on": "2013-07-03"})
    message = f"{again.json()['authorisation']} of 2013-07-03 took its place"
    assert refusals(late) == {"type": "later-decision-stands", "authorisation": message}
    in_time = await client.post(f"{path}/conditions/17/lifting", json=lifting | {"lifted_on": "2013-07-02"})
    assert (in_time.status_code, in_time.json()["stands_at"]) == (201, Authorised.IN_FULL)
    assert await overdue("2013-07-02") == []
    after = (await client.get(path, params={"as_at": "2013-07-03"})).json()
    assert after["replaced_by"] == again.json()["authorisation"]
    stranger = tokens.header(Role.GOVERNANCE_LEAD, organisations=("06A",))
    assert (await client.get(path, headers=stranger)).status_code == 404
    assert (await client.get("/v1/authorisations", headers=stranger)).json()["items"] == []

    # Of two directions on one function, one of which stops it, none gives it to another organisation.
    stopped = [conditions[1], conditions[1] | {"criterion": 42, "functions": ["contract"], "exercised_by": None}]
    beside = await client.post("/v1/authorisations", json=given | {"conditions": stopped, "decided_on": "2013-07-04"})
    assert beside.status_code == 201, beside.text
    assert beside.json()["outcome"] == Authorised.WITH_DIRECTIONS
    assert not (await answer("2013-07-04", **by))["may"]
    assert (await client.get(path_of_binding, params=asked_of_it | {"as_at": "2013-07-04"})).json()["binds"] == ["05C"]
    assert await deciders("2013-07-04") == (False, [(own, False)], [])


async def test_checkpoints_of_suppliers_are_the_same_in_any_order_and_twice(
    client: httpx.AsyncClient, harness: GovernanceHarness
) -> None:
    made = (await client.post("/v1/authorisations", json={"organisation": "10H", "decided_on": "2013-06-03"})).json()
    contract: dict[str, Any] = {"supplier": "0CX", "customers": ("10H",), "functions": ("payroll",), "title": "Payroll"}
    contract |= {"last_day": date(2016, 3, 31), "annual_pence": 400_000_00}
    day = date(2013, 6, 3)
    assessed: dict[str, Any] = {
        "supplier": "0CX",
        "pack": "csu-checkpoints-2012",
        "criteria": ("leadership", "business"),
    }
    events = [
        ContractSigned(effective_on=day, stated_at=at(day), contract="K-1", **contract),
        ContractSigned(effective_on=day, stated_at=at(day), contract="K-2", **(contract | {"supplier": "0DE"})),
        ContractTerminated(
            effective_on=day,
            stated_at=at(day, 10),
            contract="K-2",
            supplier="0DE",
            customers=("10H",),
            reason="agreed",
        ),
        *(
            SupplierAssessed(
                effective_on=day + timedelta(days=number),
                stated_at=at(day + timedelta(days=number)),
                **assessed,
                customers=("10H",) if stop_on else (),
                results=("met", result),
                outcome=outcome,
                stop_on=stop_on,
                routes=("call_off", "procurement") if stop_on else (),
                replace_by=(date(2013, 12, 31), date(2013, 9, 30)) if stop_on else (),
            )
            for number, (result, outcome, stop_on) in enumerate(
                [("at_risk", "manage", None), ("not_met", "stop", date(2014, 3, 31))]
            )
        ),
        SupplierAssessed(
            effective_on=day,
            stated_at=at(day),
            **(assessed | {"supplier": "0DE"}),
            customers=(),
            results=("met", "met"),
            outcome="proceed",
            stop_on=None,
            routes=(),
            replace_by=(),
        ),
    ]
    for event in [*reversed(events), *events]:
        await harness.hear(event)

    async def checkpoints(on: str) -> list[dict[str, Any]]:
        answer = await client.get(f"/v1/authorisations/{made['authorisation']}", params={"as_at": on})
        return list(answer.json()["checkpoints"])

    first = {
        "supplier": "0CX",
        "assessed_on": "2013-06-03",
        "outcome": "manage",
        "unmet": ["business"],
        "stop_on": None,
    }
    first |= {"replace_by": None, "pack": "csu-checkpoints-2012"}
    assert await checkpoints("2013-06-03") == [first]
    stop = {"assessed_on": "2013-06-04", "outcome": "stop", "stop_on": "2014-03-31", "replace_by": "2013-09-30"}
    assert await checkpoints("2013-06-04") == [first | stop]
