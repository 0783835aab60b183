"""Each event that feeds conflicts, commitments and prices, in order and once, or backwards and twice, over HTTP."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.common.events import Event
from libs.common.events.contracts import (
    CommitmentLapsed,
    CommitmentMade,
    ContractSigned,
    ContractVaried,
    ProcurementStated,
    SupplierChangedHands,
)
from libs.common.events.finance import DelayPriced
from libs.common.events.registry import OrganisationRelated, OrganisationUnrelated
from libs.common.identity import Role
from services.governance.commitments import projection as commitments
from services.governance.interests.links import EVENTS as LINKS
from tests.governance.meetings.conftest import BODY, MeetingBody, met
from tests.governance.reactions.test_rows import an

__all__ = ["met"]

JANUARY, FEBRUARY, MARCH, APRIL = (date(2017, month, 1) for month in range(1, 5))
MEETS, PRACTICE = "2017-03-30", "M81001"


@dataclass(frozen=True)
class Row:
    """Events about the parties of one subject, and how a partner of a practice is then conflicted with it."""

    subject: Event
    events: tuple[Event, ...]
    path: tuple[tuple[str, str, str, str], ...]


def rows(of: str) -> dict[str, Row]:
    """A row for each event, about a company and a subject of this name."""
    practice, company, subject = PRACTICE, f"CO{of}", f"ROW-{of}"
    bought: dict[str, Any] = {"procurement": subject, "buyers": ("10H",), "functions": ("hr",), "run_by": "10H"}
    bought |= {"regime": "pcr-2015", "value_pence": 1, "contract": "", "winner": "", "stage": "invited"}
    tender = an(ProcurementStated, JANUARY, **bought, bidders=(company,))
    owns: dict[str, Any] = {"code": practice, "relation": "owns", "other": company}
    quarter = an(OrganisationRelated, JANUARY, **owns, share="1/4")
    hands: dict[str, Any] = {"supplier": company, "owner_sector": "private", "status": "independent"}
    contract: dict[str, Any] = {"contract": subject, "customers": ("10H",), "functions": ("hr",), "annual_pence": 1}
    contract |= {"last_day": date(2019, 3, 31)}
    varied: dict[str, Any] = {"customer_shares": (), "function_pence": (), "function_tiers": (), "amendment": ""}
    varied |= {"reason": "supplier_succeeded", "previous_supplier": practice, "decisions": ()}
    partner = ("", "partner_in", practice, "1")
    return {
        "OrganisationRelated": Row(
            tender,
            (
                quarter,
                an(OrganisationRelated, FEBRUARY, **owns, share="1/3", until=APRIL),
                an(OrganisationRelated, MARCH, **owns, share="1/5"),
            ),
            (partner, (practice, "owns", company, "1/5")),
        ),
        "OrganisationUnrelated": Row(tender, (quarter, an(OrganisationUnrelated, FEBRUARY, **owns)), ()),
        "SupplierChangedHands": Row(
            tender,
            (
                an(SupplierChangedHands, JANUARY, **hands, owner=practice, host=""),
                an(SupplierChangedHands, FEBRUARY, **hands, owner="", host=practice),
                an(SupplierChangedHands, APRIL, **hands, owner="", host=""),
            ),
            (partner, (practice, "hosts", company, "1")),
        ),
        "ProcurementStated": Row(
            an(ProcurementStated, JANUARY, **bought, bidders=()),
            (
                an(ProcurementStated, FEBRUARY, **(bought | {"stage": "bids_received"}), bidders=(company, practice)),
                an(ProcurementStated, APRIL, **(bought | {"stage": "abandoned"}), bidders=()),
            ),
            (partner,),
        ),
        "ContractSigned": Row(
            an(ContractSigned, JANUARY, **contract, supplier=practice, title="HR"),
            (an(ContractSigned, JANUARY, **contract, supplier=practice, title="HR"),),
            (partner,),
        ),
        "ContractVaried": Row(
            an(ContractSigned, JANUARY, **contract, supplier=practice, title="HR"),
            (quarter, an(ContractVaried, FEBRUARY, **contract, **varied, supplier=company)),
            (partner, (practice, "owns", company, "1/4")),
        ),
    }


async def sent(met: MeetingBody, events: tuple[Event, ...], *, twice: bool) -> None:
    """The events arrive one by one: in order, or the last one in front and all of them again."""
    for event in (*reversed(events), *events) if twice else events:
        await met.harness.hear(event)


async def test_in_any_order_and_twice_each_event_shows_the_same_conflict(met: MeetingBody) -> None:
    declared = {"type": "financial", "relation": "partner_in", "nature": "partner", "organisation": "10H"}
    days = {"aware_on": "2017-03-01", "first_day": "2013-01-01"}
    await met.call("POST", "interests", declared | days | {"person": met.ids["gp"], "other": PRACTICE})
    meeting = await met.meeting(MEETS, notice="2017-03-01")
    found, expected = {}, {}
    for number, name in enumerate(rows("X")):
        for twice in (False, True):
            of = f"{number}{int(twice)}"
            row = rows(of)[name]
            await met.harness.hear(row.subject)
            item = await met.item(meeting, proposal=await met.harness.propose("10H", on=MARCH, subject=f"ROW-{of}"))
            await sent(met, row.events, twice=twice)
            shown = (await met.call("GET", f"items/{item}/conflicts", expect=200))["members"]
            found[name, twice] = [
                [(one["holder"], one["relation"], one["other"], one["share"]) for one in member["conflict"]["path"]]
                for member in shown
            ]
            whole = [(holder or met.ids["gp"], *rest) for holder, *rest in row.path]
            expected[name, twice] = [whole] if whole else []
    assert found == expected
    assert {kind.event_name for kind in LINKS} < set(rows("X"))


async def test_in_any_order_and_twice_each_event_shows_the_same_commitment(met: MeetingBody) -> None:
    expected = {}
    kinds: tuple[type[Event], ...] = commitments.EVENTS
    for number, kind in enumerate(kinds):
        for twice in (False, True):
            of: dict[str, Any] = {"contract": f"SHADOW-{number}{int(twice)}", "supplier": "0CX", "customers": ("10H",)}
            made = {"not_established": ("10H",), "signed_on": JANUARY, "starts_on": APRIL, "last_day": APRIL}
            terms = {"functions": ("hr",), "last_day": APRIL, "annual_pence": 2, "title": "HR"}
            first = an(CommitmentMade, JANUARY, **of, **made, annual_pence=1)
            again = an(CommitmentMade, FEBRUARY, **of, **made, annual_pence=2)
            events, state = {
                "CommitmentMade": ((first, again), "conditional"),
                "CommitmentLapsed": ((again, an(CommitmentLapsed, MARCH, **of, reason="refused")), "lapsed"),
                "ContractSigned": ((first, again, an(ContractSigned, MARCH, **of, **terms)), "ratified"),
            }[kind.event_name]
            await sent(met, events, twice=twice)
            expected[of["contract"]] = (state, 2)
    listed = (await met.call("GET", "commitments", expect=200))["items"]
    assert {one["contract"]: (one["state"], one["annual_pence"]) for one in listed} == expected


async def test_in_any_order_and_twice_a_price_of_a_delay_shows_the_same(met: MeetingBody) -> None:
    proposals = [
        await met.harness.propose("10H", on=MARCH, series=f"s-{number}", due_on=date(2017, 3, 31))
        for number in range(2)
    ]
    await met.day("2017-06-01")
    for number, proposal in enumerate(proposals):
        of: dict[str, Any] = {"proposal": proposal, "organisation": "10H", "body": BODY, "case": "C", "version": 1}
        prices = tuple(
            an(
                DelayPriced,
                day,
                **of,
                months=months,
                monthly_pence=pence,
                to_date_pence=months * pence,
                horizon=horizon,
            )
            for day, months, pence in ((date(2017, 5, 1), 1, 7), (date(2017, 6, 1), 2, 9))
            for horizon in ("fixed", "rolling")
        )
        await sent(met, prices, twice=bool(number))
    reader = met.tokens.header(Role.PARTNER, organisations=("10H",))
    radar = (await met.client.get("/v1/radar", headers=reader)).json()["items"]
    costs = {
        one["about"]: [(cost["horizon"], cost["months"], cost["to_date_pence"]) for cost in one["costs"]]
        for one in radar
    }
    assert costs == {proposal: [("fixed", 2, 18), ("rolling", 2, 18)] for proposal in proposals}
