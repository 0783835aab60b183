"""What finance hears from governance."""

from datetime import date
from typing import Any

from libs.common.events.governance import (
    DecisionAwaited,
    DecisionDeferred,
    DecisionRightEnded,
    DecisionRightGranted,
    ObstructionEnded,
    ObstructionFound,
    PooledFundAgreed,
    ProposalOpened,
    ProposalWithdrawn,
)
from tests.finance.reactions.rows import (
    LINE,
    THE_DAY,
    YEAR,
    Bodies,
    Request,
    Row,
    get,
    kind_of,
    later,
    lines,
    then,
    tried,
)
from tests.support.cases import a_case
from tests.support.decisions import a_decision, a_reversal
from tests.support.finance_harness import at

DUE = date(2018, 6, 1)


def rows(of: Bodies) -> dict[str, Row]:
    """Each event of governance that finance hears."""
    return {**_of_rights(of), **_of_proposals(of), **_of_decisions(of), **_of_pools(of)}


def _of_rights(of: Bodies) -> dict[str, Row]:
    right: dict[str, Any] = {"right": f"DR-{of.ref}", "organisation": of.a, "holder": f"{of.a}/cfo"}
    granted = DecisionRightGranted(
        **right,
        action="budget.virement",
        scope="",
        limit_pence=300_000_00,
        limit_basis="annual",
        recurrent=True,
        conditions=(),
        delegated_from="",
        power="nhs-act-2006-s223j",
        **then(),
    )
    ended = DecisionRightEnded(**right, until=date(2018, 4, 30), reason="ended", **later())
    moves = tried(
        "/virements",
        lambda names: {
            "moves": [{"from_line": names[0], "to_line": names[1], "amount_pence": 200_000_00}],
            "authority": f"DR-{of.ref}",
            "effective_on": "2018-07-01",
        },
    )
    before = [lines(of.a, 500_000_00, 0)]
    return {
        "DecisionRightGranted": Row([granted], moves, lambda shown: shown.get("amount_pence"), 200_000_00, before),
        "DecisionRightEnded": Row([granted, ended], moves, kind_of, "authority-insufficient", before),
    }


def _of_proposals(of: Bodies) -> dict[str, Row]:
    case = f"CASE-{of.ref}"
    before = [
        Request("POST", "/cases", lambda _: {"case": case, "organisation": of.a, "content": a_case(base_year=YEAR)})
    ]
    asked: dict[str, Any] = {"proposal": of.ref, "organisation": of.a, "subject": case}
    opened = ProposalOpened(
        **asked,
        kind="consolidation",
        action="consolidation.commit",
        consents=(f"{of.b}-GB",),
        value_pence=1,
        annual_pence=1,
        recurrent=False,
        case=case,
        case_version=1,
        series="",
        **then(),
    )
    whom: dict[str, Any] = {"proposal": of.ref, "body": f"{of.b}-GB", "organisation": of.b}
    awaited = DecisionAwaited(**whom, due_on=DUE, **then())
    deferred = DecisionDeferred(
        **whom, from_on=date(2018, 7, 1), until_on=date(2018, 8, 1), lawful=True, reason="quorum", **later()
    )
    found = ObstructionFound(**whom, kind="inertia", since=DUE, share="", **then(effective_on=DUE, stated_at=at(DUE)))
    freed = ObstructionEnded(**whom, by="D", **then(effective_on=date(2018, 7, 15), stated_at=at(date(2018, 7, 15))))
    withdrawn = ProposalWithdrawn(**asked, reason="superseded", **then(effective_on=date(2018, 8, 1)))
    taken = a_decision(f"D-{of.ref}", of.b, on=date(2018, 7, 15), proposal=of.ref)
    undone = a_reversal(f"D-{of.ref}", of.b, on=date(2018, 8, 15), proposal=of.ref)
    clock: dict[str, Any] = {
        "seen": get("/delays", proposal=of.ref),
        "shown": lambda page: [
            (one["obstruction"], one["due_on"], one["months"], one["running"], [stop["why"] for stop in one["stops"]])
            for one in page["items"]
        ],
        "before": before,
    }
    due, told = DUE.isoformat(), [opened, awaited]
    return {
        "ProposalOpened": Row(
            [opened],
            get(f"/cases/{case}/versions/1"),
            lambda shown: (shown["status"], shown["proposal"]),
            ("proposed", of.ref),
            before,
        ),
        "DecisionAwaited": Row(told, expected=[(None, due, 3, True, [])], **clock),
        "DecisionDeferred": Row([*told, deferred], expected=[(None, due, 2, True, ["deferred"])], **clock),
        "DecisionTaken": Row([*told, taken], expected=[(None, due, 1, False, ["decided"])], **clock),
        "DecisionReversed": Row([*told, taken, undone], expected=[(None, due, 1, True, ["decided"])], **clock),
        "ObstructionFound": Row([*told, found], expected=[("inertia", due, 3, True, [])], **clock),
        "ObstructionEnded": Row([*told, found, freed], expected=[("inertia", due, 1, False, ["ended"])], **clock),
        "ProposalWithdrawn": Row([*told, withdrawn], expected=[(None, due, 2, False, ["withdrawn"])], **clock),
    }


def _of_decisions(of: Bodies) -> dict[str, Row]:
    decision = f"D-{of.ref}"
    taken, undone = a_decision(decision, of.a, on=THE_DAY), a_reversal(decision, of.a, on=date(2018, 5, 1))
    body = {"lines": [LINE | {"amount_pence": 5}], "decision": decision}
    sets = tried(f"/organisations/{of.a}/budgets/{YEAR}/lines", lambda _: body)
    return {
        "DecisionTaken (names an act)": Row([taken], sets, lambda shown: [one["amount_pence"] for one in shown], [5]),
        "DecisionReversed (of an act)": Row([taken, undone], sets, kind_of, "decision-no-longer-stands"),
    }


def _of_pools(of: Bodies) -> dict[str, Row]:
    fund = f"FUND-{of.ref}"
    line = {"line": "ONE", "organisation": of.a, "financial_year": YEAR, "purpose": "premises", "recurrent": False}
    opens = Request(
        "POST",
        "/funds",
        lambda _: {"reference": fund, "organisation": of.a, "title": "Pool", "lines": [line | {"amount_pence": 90}]},
    )
    pooled = PooledFundAgreed(
        fund=fund,
        instrument=f"S75-{of.ref}",
        members=(of.a, of.b),
        shares=("1/3", "2/3"),
        host=of.a,
        ends_on=None,
        **then(),
    )
    return {
        "PooledFundAgreed": Row(
            [pooled],
            get(f"/funds/{fund}"),
            lambda shown: [one["amount_pence"] for one in shown["pool"]["contributions"]],
            [30, 60],
            [opens],
        ),
    }
