"""Subjects: what contracts, finance and the registry publish, in any order, in any batches, and after a rebuild."""

from collections.abc import Sequence
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from libs.common.events import Event
from libs.common.events.contracts import (
    ConsolidationPlanned,
    ConsolidationWithdrawn,
    ContractSigned,
    ContractTerminated,
    ContractTransferred,
    ContractVaried,
    ProcurementStated,
    TerminationPriced,
)
from libs.common.events.finance import CaseAppraised, CostShiftFound
from libs.common.events.registry import CCGMergerAgreed, CCGMergerRedated, CCGMergerWithdrawn
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.rebuild import rebuild
from services.governance.reactions.publishers import subscriptions
from services.governance.subjects.models import SubjectKind, known_subjects
from services.governance.subjects.queries import find_case_digest, find_subject, list_cost_shifts
from services.governance.subjects.rules import Subject
from tests.support.governance_harness import GovernanceHarness, at

SIGNED, VARIED, SEEN = date(2016, 4, 1), date(2017, 4, 1), date(2018, 3, 1)
CONTRACT = {"contract": "K-1", "supplier": "0CX"}


def a_life() -> list[Event]:
    """A payroll contract of 10H and 10Y is varied and then 14Y's; what its end costs; then it ends."""
    return [
        ContractSigned(
            **CONTRACT,
            effective_on=SIGNED,
            stated_at=at(SIGNED),
            title="Payroll",
            customers=("10H", "10Y"),
            functions=("payroll",),
            last_day=date(2019, 3, 31),
            annual_pence=400_000_00,
        ),
        ContractVaried(
            **CONTRACT,
            effective_on=VARIED,
            stated_at=at(date(2017, 2, 1)),
            customers=("10H", "10Y"),
            customer_shares=(),
            functions=("payroll", "hr"),
            function_pence=(),
            function_tiers=(),
            annual_pence=500_000_00,
            last_day=date(2020, 3, 31),
            reason="amended",
            amendment="A-1",
            previous_supplier="",
            decisions=(),
        ),
        TerminationPriced(
            **CONTRACT,
            effective_on=date(2017, 6, 1),
            stated_at=at(date(2017, 6, 1)),
            termination="T-1",
            customers=("10H", "10Y"),
            functions=(),
            leaving=(),
            exit_on=date(2018, 4, 1),
            status="estimate",
            components=("contractual_payment", "redundancy"),
            natures=("transfer", "resource"),
            payers=("10H", "0CX"),
            payees=("0CX", ""),
            component_pence=(120_000_00, 63_296_25),
            due_on=(date(2018, 4, 1), date(2018, 4, 1)),
            recurrent_to=(None, None),
            unpriced=(),
            pack="exit-2016",
        ),
        ContractTransferred(
            **CONTRACT,
            effective_on=date(2018, 4, 1),
            stated_at=at(date(2018, 4, 1)),
            from_customers=("10H", "10Y"),
            customers=("14Y",),
            merger="M-14Y",
            annual_pence=500_000_00,
        ),
        ContractTerminated(
            **CONTRACT,
            effective_on=date(2018, 10, 1),
            stated_at=at(date(2018, 5, 1)),
            customers=("14Y",),
            reason="agreed",
        ),
    ]


async def seen(harness: GovernanceHarness, *, reference: str = "K-1") -> list[Subject | None]:
    days = (SIGNED, SEEN, date(2018, 6, 1), date(2018, 12, 1))
    return [await find_subject(harness.database, reference, as_at=day, as_known=None) for day in days]


async def test_a_contract_follows_its_publisher_in_any_order_and_after_a_rebuild(harness: GovernanceHarness) -> None:
    await harness.hear(*a_life())
    expected = await seen(harness)
    first, varied, moved, ended = [subject for subject in expected if subject is not None]
    assert (first.organisations, first.functions, first.annual_pence) == (("10H", "10Y"), ("payroll",), 400_000_00)
    assert (varied.functions, varied.annual_pence, varied.price_pence) == (("hr", "payroll"), 500_000_00, 183_296_25)
    assert (varied.parties, varied.stage, varied.ended) == (("0CX",), "signed", False)
    assert (moved.organisations, moved.ended, ended.ended) == (("14Y",), False, True)
    known_in_2016 = await find_subject(harness.database, "K-1", as_at=SEEN, as_known=at(date(2016, 12, 31)))
    assert known_in_2016 is not None
    assert known_in_2016.annual_pence == 400_000_00
    before = await harness.database.fetch(known_subjects.content)
    for order in list(permutations(range(5)))[::37]:
        await _emptied(harness)
        for number in order:
            await harness.hear(a_life()[number], a_life()[number])
        assert await seen(harness) == expected, order
        assert await harness.database.fetch(known_subjects.content) == before


async def _emptied(harness: GovernanceHarness) -> None:
    """A rebuild of a log without these events empties the copy."""
    await rebuild(harness.database, DirectBus({}), subscriptions, known_subjects.name)
    assert await seen(harness) == [None] * 4


def a_plan(revision: int, *customers: str) -> ConsolidationPlanned:
    day = date(2017, 5, revision)
    return ConsolidationPlanned(
        effective_on=day,
        stated_at=at(day),
        plan="PL-1",
        customers=customers,
        contracts=("K-1",),
        functions=("payroll",),
        supplier="0DE",
        option="csu_serves_both",
        go_live_on=date(2018, 4, 1),
        exit_on=(date(2018, 4, 1),),
        choices=("pay",),
        price_pence=(120_000_00,),
        unpriced=(),
        annual_pence=300_000_00,
        previous_annual_pence=400_000_00,
        initiative="I-1",
        revision=revision,
    )


def withdrawn(revision: int) -> ConsolidationWithdrawn:
    day = date(2017, 5, 9)
    return ConsolidationWithdrawn(
        effective_on=day, stated_at=at(day), plan="PL-1", customers=("10H",), by="10Y", reason="", revision=revision
    )


@pytest.mark.parametrize("backwards", [False, True])
async def test_a_plan_goes_by_its_revisions_until_it_ends(harness: GovernanceHarness, *, backwards: bool) -> None:
    story: Sequence[Event] = (*a_life()[:1], a_plan(1, "10H", "10Y"), a_plan(3, "10H"), a_plan(2, "10H"), withdrawn(3))
    for event in reversed(story) if backwards else story:
        await harness.hear(event, event)
    plan = await find_subject(harness.database, "PL-1", as_at=SEEN, as_known=None)
    assert plan is not None
    assert (plan.kind, plan.revision, plan.ended, plan.organisations) == (SubjectKind.PLAN, 3, False, ("10H",))
    assert (plan.parties, plan.price_pence) == (("0CX", "0DE"), 120_000_00)
    await harness.hear(withdrawn(0))
    ended = await find_subject(harness.database, "PL-1", as_at=SEEN, as_known=None)
    assert ended is not None
    assert ended.ended


async def test_procurements_mergers_and_cases_are_subjects(harness: GovernanceHarness) -> None:
    day = date(2017, 5, 1)
    when = {"effective_on": day, "stated_at": at(day)}
    merger = {"merger": "M-14Y", "successor": "14Y", "predecessors": ("10H", "10Y"), "stated_at": at(day)}
    appraised: dict[str, Any] = {
        "case": "C-1",
        "organisations": ("10H",),
        "contracts": (),
        "lens": "own",
        "preferred": "A",
    }
    appraised |= {"npv_pence": 1, "pvb_pence": 2, "pvc_pence": 1, "bcr": "2", "payback_year": 1}
    await harness.hear(
        ProcurementStated(
            **when,
            procurement="PC-1",
            buyers=("10H",),
            bidders=("0CX", "0DE"),
            stage="bids_received",
            functions=("payroll",),
            run_by="0AB",
            regime="pcr-2015",
            value_pence=800_000_00,
            contract="",
            winner="",
        ),
        CCGMergerAgreed(**merger, successor_name="NHS Buckinghamshire CCG", effective_on=date(2018, 4, 1)),
        CCGMergerRedated(**merger, effective_on=date(2018, 10, 1), previously_on=date(2018, 4, 1)),
        CaseAppraised(**when, **appraised, version=2, passes=(), packs=(), digest="d2"),
        CaseAppraised(**when, **appraised, version=1, passes=(), packs=(), digest="d1"),
        CostShiftFound(
            **when,
            subject="C-1",
            version=2,
            lens="system",
            gainers=("10H",),
            gains_pence=(5,),
            losers=("10Y",),
            losses_pence=(7,),
            net_pence=-2,
        ),
    )
    db = harness.database
    procurement = await find_subject(db, "PC-1", as_at=SEEN, as_known=None)
    merging = await find_subject(db, "M-14Y", as_at=SEEN, as_known=None)
    case = await find_subject(db, "C-1", as_at=SEEN, as_known=None)
    assert procurement is not None
    assert merging is not None
    assert case is not None
    assert (procurement.stage, procurement.parties) == ("bids_received", ("0AB", "0CX", "0DE"))
    assert (merging.organisations, merging.parties, merging.ended) == (("10H", "10Y"), ("14Y",), False)
    assert (case.revision, case.digest) == (2, "d2")
    assert await find_case_digest(db, "C-1", 1, as_known=None) == "d1"
    assert await find_case_digest(db, "C-1", 3, as_known=None) is None
    assert [shift["losers"] for shift in await list_cost_shifts(db, "C-1", as_known=None)] == [["10Y"]]
    await harness.hear(CCGMergerWithdrawn(**merger, effective_on=date(2018, 2, 1)))
    gone = await find_subject(db, "M-14Y", as_at=SEEN, as_known=None)
    assert gone is not None
    assert gone.ended
    assert await find_subject(db, "K-9", as_at=SEEN, as_known=None) is None
    own = await find_subject(db, "10H", as_at=SEEN, as_known=None)
    assert own is not None
    assert own.kind is SubjectKind.ORGANISATION
