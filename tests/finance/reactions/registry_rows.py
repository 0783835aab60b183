"""What finance hears from the registry."""

from collections.abc import Callable
from datetime import date
from typing import Any

from libs.common.events.registry import (
    CareModelStated,
    CCGMerged,
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    ICBMerged,
    ICBMergerAgreed,
    ICBMergerRedated,
    ICBMergerWithdrawn,
    OrganisationClosed,
    OrganisationKindChanged,
    OrganisationLegalFormChanged,
    OrganisationOpened,
    OrganisationProposed,
    OrganisationRelated,
    OrganisationSucceeded,
    OrganisationUnrelated,
    PopulationPublished,
    SuccessionUndone,
    TransferSchemeResumed,
    TransferSchemeSuspended,
)
from tests.finance.reactions.rows import (
    LINE,
    SOON,
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
from tests.support.finance_harness import at

PUT_OFF = date(2019, 4, 1)


def amount(code: str) -> tuple[Request, Callable[[Any], Any]]:
    return get(f"/organisations/{code}/budgets/{YEAR}"), lambda budget: budget["amount_pence"]


def status(code: str) -> tuple[Request, Callable[[Any], Any]]:
    asked = {"organisation": code, "year": YEAR, "population": "1"}
    return get("/allowances/indicative", **asked), lambda shown: shown["status"]


def sector(code: str) -> tuple[Request, Callable[[Any], Any]]:
    return get(f"/parties/{code}/sectors"), lambda shown: shown["sector"]


def planned(code: str, boundaries: date) -> tuple[Request, Callable[[Any], Any]]:
    asked = {"measure": "population", "series": "management", "planned": "true", "organisation": code}
    years = {"from_year": YEAR, "to_year": YEAR, "boundaries_on": boundaries.isoformat()}
    return get("/series", **asked, **years), lambda page: [one["amount"] for one in page["items"]]


def rows(of: Bodies) -> dict[str, Row]:
    """Each event of the registry that finance acts on."""
    return {**_of_bodies(of), **_of_successions(of), **_of_mergers_to_come(of), **_of_ties(of)}


def _of_bodies(of: Bodies) -> dict[str, Row]:
    closed = OrganisationClosed(code=of.a, **then())
    counted = [
        PopulationPublished(code=of.a, basis="registered", people=people, **then(stated_at=at(day)))
        for people, day in ((1_000, SOON), (1_200, date(2017, 10, 1)))
    ]
    model = CareModelStated(
        reference=of.ref,
        stated="planned",
        model="aco",
        name="One",
        place=of.a,
        excludes=("core_primary_care",),
        planned_for=THE_DAY,
        **then(),
    )
    excluded = LINE | {"care_model": of.ref, "service": "core_primary_care", "amount_pence": 1}
    return {
        "OrganisationProposed": Row(
            [OrganisationProposed(code=of.c, name="C", kind="ccg", **then())], *status(of.c), "proposed"
        ),
        "OrganisationOpened": Row(
            [closed, OrganisationOpened(code=of.a, name="A", kind="ccg", **later())], *status(of.a), "open"
        ),
        "OrganisationClosed": Row([closed], *status(of.a), "closed"),
        "PopulationPublished": Row(
            counted,
            get("/allowances/indicative", organisation=of.a, year=YEAR),
            lambda shown: shown["population"],
            1_200,
        ),
        "CareModelStated": Row(
            [model],
            tried(f"/organisations/{of.a}/budgets/{YEAR}/lines", lambda _: {"lines": [excluded]}),
            kind_of,
            "excluded-from-care-model",
        ),
    }


def _of_successions(of: Bodies) -> dict[str, Row]:
    merges: dict[str, Any] = {"merger": of.ref, "successor": of.c, "predecessors": (of.a, of.b), "successor_name": "C"}
    scheme: dict[str, Any] = {"merger": of.ref, "scheme": f"S-{of.ref}", "sort": "staff", "successor": of.c}
    scheme |= {"predecessors": (of.a, of.b)}
    before = [lines(of.a, 60, 30), lines(of.b, 9)]
    merged = CCGMerged(**merges, **then())
    waits = TransferSchemeSuspended(**scheme, reason="tribunal", **then(stated_at=at(THE_DAY)))
    taken_over = OrganisationSucceeded(code=of.a, successor=of.c, shape="acquisition", share="1", **then())
    split = [
        OrganisationSucceeded(code=of.a, successor=code, shape="split", share=share, **then())
        for code, share in ((of.b, "1/3"), (of.c, "2/3"))
    ]
    undone = SuccessionUndone(code=of.a, successor=of.c, effective_on=THE_DAY, stated_at=later()["stated_at"])
    return {
        "CCGMerged": Row([merged], *amount(of.c), 99, before),
        "ICBMerged": Row([ICBMerged(**merges, **then())], *amount(of.c), 99, before, kind="icb"),
        "OrganisationSucceeded": Row([taken_over], *amount(of.c), 90, before),
        "OrganisationSucceeded (split)": Row(split, *amount(of.c), 60, before),
        "OrganisationSucceeded (sector)": Row(
            [OrganisationOpened(code=of.c, name="C", kind="company", **then()), taken_over], *sector(of.a), "private"
        ),
        "SuccessionUndone": Row([taken_over, undone], *amount(of.a), 90, before),
        "TransferSchemeSuspended": Row([merged, waits], *amount(of.c), 0, before),
        "TransferSchemeResumed": Row(
            [merged, waits, TransferSchemeResumed(**scheme, reason="settled", **later())], *amount(of.c), 99, before
        ),
    }


def _of_mergers_to_come(of: Bodies) -> dict[str, Row]:
    both: dict[str, Any] = {"merger": of.ref, "successor": of.c, "predecessors": (of.a, of.b)}
    counted = [
        PopulationPublished(code=code, basis="registered", people=people, **then(stated_at=at(SOON)))
        for code, people in ((of.a, 1_000), (of.b, 234))
    ]
    agreed: dict[str, Any] = {**both, "successor_name": "C", "effective_on": PUT_OFF, "stated_at": at(SOON)}
    redated: dict[str, Any] = {**both, "previously_on": PUT_OFF, "effective_on": date(2020, 4, 1)}
    redated["stated_at"] = at(date(2017, 10, 1))
    withdrawn: dict[str, Any] = {**both, "effective_on": date(2017, 11, 1), "stated_at": at(date(2017, 11, 1))}
    found: dict[str, Row] = {}
    for kind, first, second, third in (
        ("ccg", CCGMergerAgreed, CCGMergerRedated, CCGMergerWithdrawn),
        ("icb", ICBMergerAgreed, ICBMergerRedated, ICBMergerWithdrawn),
    ):
        told = [*counted, first(**agreed)]
        found |= {
            first.event_name: Row(told, *planned(of.c, PUT_OFF), [1_234], kind=kind),
            second.event_name: Row([*told, second(**redated)], *planned(of.c, PUT_OFF), [], kind=kind),
            f"{second.event_name} (on its day)": Row(
                [*told, second(**redated)], *planned(of.c, date(2020, 4, 1)), [1_234], kind=kind
            ),
            third.event_name: Row([*told, third(**withdrawn)], *planned(of.c, PUT_OFF), [], kind=kind),
        }
    return found


def _of_ties(of: Bodies) -> dict[str, Row]:
    owned = OrganisationRelated(code=of.a, relation="owns", other=of.s, **then())
    return {
        "OrganisationRelated": Row([owned], *sector(of.s), "public"),
        "OrganisationUnrelated": Row(
            [owned, OrganisationUnrelated(code=of.a, relation="owns", other=of.s, **later())], *sector(of.s), "unknown"
        ),
        "OrganisationLegalFormChanged": Row(
            [OrganisationLegalFormChanged(code=of.s, legal_form="company_limited_by_shares", **then())],
            *sector(of.s),
            "private",
        ),
        "OrganisationKindChanged": Row(
            [OrganisationKindChanged(code=of.a, kind="company", **then())], *sector(of.a), "private"
        ),
    }
