"""Each event of contracts and finance on a subject, in order and once, or backwards and twice: HTTP shows the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx

from libs.common.events import Event
from libs.common.events.contracts import (
    CommitmentMade,
    ConsolidationAgreed,
    ConsolidationPlanned,
    ConsolidationWithdrawn,
    ContractSigned,
    ContractTerminated,
    ContractTransferred,
    ContractVaried,
    ProcurementStated,
    ServiceConsolidated,
    SharesAgreed,
    TerminationPriced,
)
from libs.common.events.finance import CaseAppraised, CostShiftFound
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from services.governance.subjects.projection import OF_CONTRACTS, OF_FINANCE
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import GovernanceHarness, at

FIRST, SEEN = date(2017, 4, 1), date(2018, 4, 1)
JUNE, JULY, AUGUST = date(2017, 6, 1), date(2017, 7, 1), date(2017, 8, 1)


@dataclass(frozen=True)
class Row:
    """Events on one subject: the first makes it known, and is followed by the others in any order."""

    events: tuple[Event, ...]
    expected: dict[str, Any]
    shown: Callable[[dict[str, Any]], dict[str, Any]] = lambda proposal: proposal["about"]


def an(kind: type[Event], day: date, **fields: Any) -> Event:
    return kind(effective_on=day, stated_at=at(day), **fields)


def rows(of: str) -> dict[str, Row]:
    """A row for each event, about a subject of this name."""
    contract: dict[str, Any] = {"contract": of, "supplier": "0CX", "customers": ("10H", "10Y")}
    terms: dict[str, Any] = {"functions": ("payroll",), "last_day": date(2019, 3, 31), "annual_pence": 400_000_00}
    signed = an(ContractSigned, FIRST, **contract, **terms, title="Payroll")
    amended: dict[str, Any] = {"customer_shares": (), "function_pence": (), "function_tiers": (), "reason": "amended"}
    amended |= {"amendment": "", "previous_supplier": "", "decisions": ()}
    due: dict[str, Any] = {"functions": (), "leaving": (), "exit_on": AUGUST, "unpriced": (), "pack": "exit-2016"}
    due |= {"components": ("breakage",), "natures": ("resource",), "payers": ("10H",), "payees": ("0LI",)}
    due |= {"due_on": (AUGUST,), "recurrent_to": (None,), "termination": "T"}
    committed: dict[str, Any] = {"not_established": ("10Y",), "signed_on": FIRST, "starts_on": FIRST}
    bought: dict[str, Any] = {"procurement": of, "buyers": ("10H",), "functions": ("hr",), "run_by": "0AB"}
    bought |= {"regime": "pcr-2015", "value_pence": 800_000_00, "contract": "", "winner": ""}
    planned: dict[str, Any] = {"plan": of, "contracts": (), "functions": ("payroll",), "supplier": "0DE"}
    planned |= {"option": "csu_serves_both", "go_live_on": SEEN, "exit_on": (), "choices": (), "price_pence": ()}
    planned |= {"unpriced": (), "annual_pence": 300_000_00, "previous_annual_pence": 400_000_00, "initiative": "I"}
    plan = an(ConsolidationPlanned, FIRST, **planned, customers=("10H", "10Y"), revision=1)
    second = an(ConsolidationPlanned, JUNE, **planned, customers=("10H", "10Y"), revision=2)
    third = an(ConsolidationPlanned, AUGUST, **planned, customers=("10H",), revision=3)
    gone: dict[str, Any] = {"plan": of, "customers": ("10H",), "by": "10Y", "reason": ""}
    agreed = {"replaced": (), "move_on": (), "functions": ("payroll",), "initiative": "I", "decisions": ()}
    money = {"annual_pence": 300_000_00, "previous_annual_pence": 400_000_00}
    case: dict[str, Any] = {"case": of, "organisations": ("10H",), "contracts": (), "lens": "own", "preferred": "A"}
    case |= {
        "npv_pence": 1,
        "pvb_pence": 2,
        "pvc_pence": 1,
        "bcr": "2",
        "payback_year": None,
        "passes": (),
        "packs": (),
    }
    shared: dict[str, Any] = {"agreement": of, "contract": of, "customers": ("10H", "10Y"), "host": "0CX"}
    shared |= {"cost_basis": "stated"} | dict.fromkeys(("cost_shares", "hr_shares", "legal_shares"), ("1/2", "1/2"))
    appraised = an(CaseAppraised, FIRST, **case, version=1, digest="d1")
    shift: dict[str, Any] = {"subject": of, "version": 1, "lens": "system", "gainers": ("10H",), "gains_pence": (5,)}
    shift |= {"losers": ("10Y",), "losses_pence": (7,), "net_pence": -2}
    return {
        "ContractSigned": Row((signed,), {"stage": "signed", "parties": ["0CX"], "annual_pence": 400_000_00}),
        "ContractVaried": Row(
            (
                signed,
                an(ContractVaried, JUNE, **contract, **amended, **(terms | {"annual_pence": 5})),
                an(ContractVaried, JULY, **contract, **amended, **(terms | {"functions": ("hr",)})),
            ),
            {"functions": ["hr"], "annual_pence": 400_000_00},
        ),
        "ContractTransferred": Row(
            (
                signed,
                an(
                    ContractTransferred,
                    JULY,
                    **(contract | {"customers": ("14Y",)}),
                    from_customers=("10H", "10Y"),
                    merger="M",
                    annual_pence=7,
                ),
                an(ContractVaried, JUNE, **contract, **amended, **terms),
            ),
            {"organisations": ["14Y"], "annual_pence": 7},
        ),
        "ContractTerminated": Row(
            (
                signed,
                an(ContractTerminated, AUGUST, **contract, reason="agreed"),
                an(ContractVaried, JUNE, **contract, **amended, **terms),
            ),
            {"ended": True},
        ),
        "TerminationPriced": Row(
            (
                signed,
                an(TerminationPriced, JUNE, **contract, **due, status="estimate", component_pence=(5,)),
                an(TerminationPriced, JULY, **contract, **due, status="agreed", component_pence=(9,)),
            ),
            {"price_pence": 9, "parties": ["0CX", "0LI"], "ended": False},
        ),
        "CommitmentMade": Row(
            (an(CommitmentMade, FIRST, **contract, **committed, last_day=SEEN, annual_pence=3),),
            {"stage": "committed", "annual_pence": 3},
        ),
        "ServiceConsolidated": Row(
            (an(ServiceConsolidated, FIRST, **contract, **terms, title="P", replaced=(), previous_annual_pence=1),),
            {"stage": "signed", "functions": ["payroll"]},
        ),
        "ProcurementStated": Row(
            (
                an(ProcurementStated, FIRST, **bought, bidders=(), stage="invited"),
                an(ProcurementStated, JUNE, **bought, bidders=("0CX", "0DE"), stage="bids_received"),
                an(ProcurementStated, JULY, **(bought | {"winner": "0CX"}), bidders=("0CX",), stage="awarded"),
            ),
            {"stage": "awarded", "parties": ["0AB", "0CX"], "value_pence": 800_000_00},
        ),
        "ConsolidationPlanned": Row(
            (plan, second, third),
            {"revision": 3, "asked": ["10H-governing-body"], "state": "open"},
            lambda proposal: proposal | {"asked": [one["body"] for one in proposal["consents"]]},
        ),
        "ConsolidationWithdrawn": Row(
            (plan, second, an(ConsolidationWithdrawn, JULY, **gone, revision=0)), {"state": "void"}, lambda found: found
        ),
        "ConsolidationAgreed": Row(
            (
                plan,
                an(
                    ConsolidationAgreed,
                    JULY,
                    plan=of,
                    contract=f"{of}-K",
                    supplier="0DE",
                    customers=("10H", "10Y"),
                    **agreed,
                    **money,
                ),
                second,
            ),
            {"stage": "agreed", "revision": 2},
        ),
        "SharesAgreed": Row(
            (
                signed,
                an(SharesAgreed, JUNE, **shared, risk_shares=("1/4", "3/4")),
                an(SharesAgreed, JULY, **shared, risk_shares=()),
            ),
            {"stage": "signed", "organisations": ["10H", "10Y"], "annual_pence": 400_000_00},
        ),
        "CaseAppraised": Row(
            (
                appraised,
                an(CaseAppraised, JUNE, **case, version=3, digest="d3"),
                an(CaseAppraised, JULY, **case, version=2, digest="d2"),
            ),
            {"revision": 3, "kind": "case"},
        ),
        "CostShiftFound": Row(
            (appraised, an(CostShiftFound, JUNE, **shift)),
            {"losers": [["10Y"]]},
            lambda proposal: {"losers": [one["losers"] for one in proposal["about"]["cost_shifts"]]},
        ),
    }


async def played(
    harness: GovernanceHarness, client: httpx.AsyncClient, row: Row, of: str, *, twice: bool
) -> dict[str, Any]:
    """The first event makes the subject known, a decision on it is asked for, and the others arrive."""
    first, *others = row.events
    await harness.hear(first)
    asks = "consolidation" if isinstance(first, ConsolidationPlanned) else "award"
    asked = {"organisation": "10H", "kind": asks, "action": "contract.award", "subject": of, "due_on": "2018-12-31"}
    made = await client.post("/v1/proposals", json=asked)
    assert made.status_code == 201, made.text
    order: Sequence[Event] = [*reversed(others), *reversed(row.events), *others] if twice else others
    for event in order:
        await harness.hear(event)
    answer = (await client.get(f"/v1/proposals/{made.json()['proposal']}", params={"as_at": SEEN.isoformat()})).json()
    shown = row.shown(answer)
    return {name: shown.get(name) for name in row.expected}


async def tables_that_lack(client: httpx.AsyncClient, of: str, day: date) -> list[str]:
    """Why a hosted service is refused whose agreement is of this name."""
    seats = [
        {"title": f"{title} member", "organisation": code, "described_in": "Agreement, 4"}
        for title, code in (("First", "10H"), ("Second", "10Y"), ("Third", "10Y"))
    ]
    board = {"title": "Shared board", "seats": seats, "terms": {"quorum": [{"least": 2}]}}
    hosted = {"kind": "hosted_service", "parties": ["10H", "10Y"], "host": "10H", "agreement": of}
    asked = hosted | {"first_day": day.isoformat(), "constitution": board}
    answer = (await client.post("/v1/instruments", json=asked, params={"dry_run": True})).json()
    return [reason["message"] for reason in answer.get("reasons", ())]


async def test_in_any_order_and_twice_each_event_shows_the_same_over_http(
    harness: GovernanceHarness, url: str, tokens: Tokens
) -> None:
    for code in ("10H", "10Y"):
        await harness.body(code)
    bus, lead = DirectBus({"registry": url}), tokens.header(Role.GOVERNANCE_LEAD, organisations=("*",))
    found, expected = {}, {}
    async with running_service("governance", tokens.settings(url), bus, lead) as (_, client):
        moved = {"moved_to": FIRST.isoformat()}
        await client.put("/v1/operations/clock", json=moved, headers=tokens.header(Role.OPERATOR))
        for number, name in enumerate(rows("X")):
            for twice in (False, True):
                of = f"ROW-{number}-{int(twice)}"
                row = rows(of)[name]
                found[of, name] = await played(harness, client, row, of, twice=twice)
                expected[of, name] = row.expected
                if name == "SharesAgreed":
                    assert await tables_that_lack(client, of, JUNE) == []
                    lacking = f"no whole table of risk shares of {of} is known, which hosted-service-2013 needs"
                    assert await tables_that_lack(client, of, JULY) == [lacking]
    assert found == expected


def test_every_event_on_subjects_has_a_row() -> None:
    assert {kind.event_name for kind in (*OF_CONTRACTS, *OF_FINANCE)} == set(rows("X"))
