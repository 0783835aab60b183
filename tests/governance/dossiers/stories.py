"""What carries out a decision, as the other services publish it: event by event, with the step that it is for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.common.events import Event
from libs.common.events.contracts import (
    CommitmentMade,
    ConsolidationAgreed,
    ConsolidationPlanned,
    ContractSigned,
    ContractTerminated,
    ContractVaried,
    ProcurementStated,
    ServiceConsolidated,
    TerminationPriced,
)
from libs.common.events.finance import BudgetMoved, CaseAppraised, SavingContracted, SavingRealised
from libs.common.events.registry import (
    CCGMerged,
    CCGMergerAgreed,
    MergerApplicationDetermined,
    MergerApplied,
    MergerConditionMet,
    TransferSchemeMade,
)
from tests.support.governance_harness import at

SEEN, MERGED = date(2017, 3, 1), date(2017, 3, 2)
ENDS = date(2021, 3, 31)
ON: dict[str, Any] = {"effective_on": SEEN, "stated_at": at(SEEN)}
_PARTIES: dict[str, Any] = {**ON, "supplier": "0DE", "customers": ("10H",)}
_LINE: dict[str, Any] = {"organisation": "10H", "financial_year": "2017-18", "line": "BL-1", "amount_pence": 100}
_BUDGET = ON | _LINE | {"account": "5210", "function": "payroll", "pay": False, "recurrent": True}
_NO_SHARES: dict[str, Any] = {"customer_shares": (), "function_pence": (), "function_tiers": ()}


@dataclass(frozen=True)
class Story:
    """A kind of proposal of an organisation on a subject: what was published before, and what follows a decision.

    `follows` has, for each event by name, the step that it is for and what the step is about.
    """

    kind: str
    action: str
    subject: str
    before: tuple[Event, ...]
    follows: Callable[[str], dict[str, tuple[Event, str, str]]]
    case: str = ""
    organisation: str = "10H"


def a_contract(contract: str) -> ContractSigned:
    return ContractSigned(
        **_PARTIES, contract=contract, title="Payroll", functions=("payroll",), last_day=ENDS, annual_pence=100
    )


def a_variation(contract: str, reason: str) -> ContractVaried:
    terms: dict[str, Any] = {**_NO_SHARES, "functions": ("payroll",), "annual_pence": 90, "last_day": ENDS}
    return ContractVaried(
        **_PARTIES, **terms, contract=contract, reason=reason, amendment="A", previous_supplier="", decisions=()
    )


def a_price(contract: str) -> TerminationPriced:
    none: dict[str, Any] = dict.fromkeys(
        ("functions", "leaving", "components", "natures", "payers", "payees", "component_pence", "due_on"), ()
    )
    none |= {"recurrent_to": (), "unpriced": (), "pack": ""}
    return TerminationPriced(
        **_PARTIES, **none, contract=contract, termination=f"T-{contract}", exit_on=SEEN, status="agreed"
    )


def a_consolidation(n: str) -> Story:
    """A plan to replace two contracts by a shared one, with a case."""
    plan, case, initiative, shared, old = f"PL-{n}", f"C-{n}", f"I-{n}", f"K-{n}", (f"K-{n}-1", f"K-{n}-2")
    planned: dict[str, Any] = {"option": "csu_serves_both", "go_live_on": SEEN, "exit_on": (SEEN, SEEN)}
    planned |= {"choices": ("pay", "pay"), "price_pence": (1, 1), "unpriced": (), "revision": 1, "contracts": old}
    charges: dict[str, Any] = {"functions": ("payroll",), "annual_pence": 100, "previous_annual_pence": 200}
    appraised: dict[str, Any] = {"version": 1, "lens": "own", "preferred": "A", "passes": (), "packs": ()}
    appraised |= {"npv_pence": 1, "pvb_pence": 2, "pvc_pence": 1, "bcr": "2", "payback_year": 1, "digest": "0a"}
    saving: dict[str, Any] = {"initiative": initiative, "function": "payroll", "recurrent": True, "cause": ""}
    agreed: dict[str, Any] = {"replaced": old, "move_on": (SEEN, SEEN), "initiative": initiative, "decisions": ()}
    whole: dict[str, Any] = {"contract": shared, "title": "Shared", "replaced": old, "last_day": ENDS, "summary": True}
    ended = [ContractTerminated(**_PARTIES, contract=one, reason="consolidated", into=shared) for one in old]
    return Story(
        kind="consolidation",
        action="consolidation.commit",
        subject=plan,
        case=case,
        before=(
            *map(a_contract, old),
            ConsolidationPlanned(**_PARTIES, **charges, **planned, plan=plan, initiative=initiative),
            CaseAppraised(**ON, **appraised, case=case, organisations=("10H",), contracts=()),
        ),
        follows=lambda _: {
            "agreed": (
                ConsolidationAgreed(**_PARTIES, **charges, **agreed, plan=plan, contract=shared),
                "agreed",
                "",
            ),
            "signed": (a_contract(shared), "signed", shared),
            "contracted": (SavingContracted(**ON, **_LINE, **saving), "saving-contracted", ""),
            "ended 1": (ended[0], "replaced", old[0]),
            "ended 2": (ended[1], "replaced", old[1]),
            "consolidated": (ServiceConsolidated(**_PARTIES, **charges, **whole, plan=plan), "consolidated", ""),
            "realised": (SavingRealised(**ON, **_LINE, **saving), "saving-realised", ""),
        },
    )


def a_merger(n: str) -> Story:
    """Two CCGs apply for a successor, which is approved on two conditions; the first of them votes to apply."""
    applicants, successor, merger, application = (f"8{n}", f"7{n}"), f"9{n}", f"M-{n}", f"A-{n}"
    applying: dict[str, Any] = {**ON, "application": application, "applicants": applicants, "successor": successor}
    bodies: dict[str, Any] = {**ON, "merger": merger, "successor": successor, "predecessors": applicants}
    named: dict[str, Any] = {**bodies, "effective_on": MERGED, "successor_name": "NHS New CCG"}
    schemes = {
        f"{sort} {number}": (
            TransferSchemeMade(**bodies | {"predecessors": (one,)}, scheme=f"{sort}-{one}", sort=sort, nil_return=True),
            f"{sort}-schemes",
            f"{sort}-{one}",
        )
        for sort in ("property", "staff")
        for number, one in enumerate(applicants, 1)
    }
    made = {f"{sort}_schemes": tuple(f"{sort}-{one}" for one in applicants) for sort in ("property", "staff")}
    return Story(
        kind="merger",
        action="merger.apply",
        subject=applicants[0],
        organisation=applicants[0],
        before=(),
        follows=lambda _: {
            "applied": (
                MergerApplied(**applying, successor_name="NHS New CCG", to_take_effect_on=MERGED),
                "applied",
                "",
            ),
            "determined": (
                MergerApplicationDetermined(
                    **applying, outcome="approved_with_conditions", merger=merger, conditions=("Constitution", "Staff")
                ),
                "determined",
                "",
            ),
            "to merge": (CCGMergerAgreed(**named), "merger-agreed", ""),
            "condition 1": (MergerConditionMet(**bodies, condition=1, evidence="Letter"), "conditions", "1"),
            "condition 2": (MergerConditionMet(**bodies, condition=2, evidence="Letter"), "conditions", "2"),
            **schemes,
            "merged": (CCGMerged(**named, **made), "merged", ""),
        },
    )


def a_termination(n: str) -> Story:
    """A contract that was amended before is left in a part."""
    contract = f"K-ends-{n}"
    return Story(
        kind="termination",
        action="contract.terminate",
        subject=contract,
        before=(a_contract(contract), a_variation(contract, "amended")),
        follows=lambda _: {
            "priced": (a_price(contract), "priced", ""),
            "left in a part": (a_variation(contract, "partly_terminated"), "ended", ""),
        },
    )


def an_award(n: str) -> Story:
    procurement = f"PC-{n}"
    stated: dict[str, Any] = {"stage": "award_proposed", "functions": ("payroll",), "run_by": "10H", "regime": ""}
    stated |= {"value_pence": 100, "contract": "", "winner": "0DE", "buyers": ("10H",), "bidders": ("0DE",)}
    signed = a_contract(f"K-award-{n}").model_copy(update={"procurement": procurement})
    return Story(
        kind="award",
        action="contract.award",
        subject=procurement,
        before=(ProcurementStated(**ON, **stated, procurement=procurement),),
        follows=lambda _: {"signed": (signed, "signed", "")},
    )


def a_virement(_: str) -> Story:
    return Story(
        kind="virement",
        action="budget.virement",
        subject="10H",
        before=(),
        follows=lambda decision: {
            "moved": (BudgetMoved(**_BUDGET, moved_to="BL-2", decision=decision), "moved", ""),
        },
    )


def a_ratification(n: str) -> Story:
    contract = f"K-early-{n}"
    days: dict[str, Any] = {"signed_on": SEEN, "starts_on": SEEN, "last_day": ENDS, "annual_pence": 1}
    made = CommitmentMade(**_PARTIES, **days, contract=contract, not_established=("10H",))
    return Story(
        kind="ratification",
        action="contract.ratify",
        subject=contract,
        before=(a_variation(contract, "amended"),),
        follows=lambda _: {"committed": (made, "committed", "")},
    )


STORIES: tuple[Callable[[str], Story], ...] = (
    *(a_consolidation, a_merger, a_termination, an_award, a_virement, a_ratification),
)
