"""What ended with a merger waits to be made again: from when, as known when, and until what takes its place."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from libs.common.events import Event
from libs.common.events.contracts import AgreementSettled, AgreementToRemake
from libs.common.events.registry import OrganisationOpened, SuccessionUndone
from services.governance.core.chains import Actor, LimitBasis, Question
from services.governance.decision_rights import queries as rights
from services.governance.mergers.queries import preview_merger
from services.governance.mergers.to_remake import list_to_remake
from tests.governance.mergers.test_previews import course
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, a_merger, at

STATED = at(date(2018, 3, 20))
REMADE_ON = date(2018, 5, 1)


async def waiting(
    harness: GovernanceHarness, successor: str | None = None, *, as_at: date = MERGED_ON, known: datetime | None = None
) -> list[tuple[str, str, str, date]]:
    rows = await list_to_remake(harness.database, successor, as_at=as_at, as_known=known, after=None, limit=99)
    return [(row["kind"], row["organisation"], row["here"], row["since"]) for row in rows]


async def waits_for(harness: GovernanceHarness, organisation: str, *, as_at: date, known: datetime | None) -> set[str]:
    """For whom the rights that `can` looks at wait."""
    question = Question(action="contract.award", value_pence=dict.fromkeys(LimitBasis, 1), recurrent=True)
    actor = Actor(body=f"{organisation}-governing-body")
    answer = await rights.ask(harness.database, actor, organisation, question, as_at=as_at, as_known=known)
    return {row["waits_for"] for row in answer.rows.values() if row["waits_for"]}


async def test_a_right_waits_from_the_merger_until_it_is_made_again_as_known_at_each_instant(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    right = await harness.grant("10H", recurrent=True)
    await harness.hear(a_merger(stated=STATED))
    right_waits = [("right", "10H", "10H-governing-body", MERGED_ON)]
    assert await waiting(harness, "14Y") == right_waits
    assert await waiting(harness, "10H") == []
    assert await waiting(harness, as_at=MERGED_ON - timedelta(days=1)) == []
    assert await waiting(harness, known=STATED - timedelta(seconds=1)) == []
    assert await harness.told("GovernanceFindingRaised") == [
        {
            "name": "GovernanceFindingRaised",
            "finding": f"right_to_remake:R-{right}:14Y",
            "about": [f"R-{right}"],
            "parties": ["14Y"],
            "kind": "right_to_remake",
            "due_on": None,
            "text": f"R-{right} of 10H to contract.award ended with a merger; "
            "no one decides by it until 14Y makes it again",
            "effective_on": "2018-04-01",
            "stated_at": "2018-03-20T09:00:00Z",
        }
    ]
    await harness.grant("14Y", recurrent=True, first_day=REMADE_ON, remakes=right)
    assert await waiting(harness, as_at=REMADE_ON) == []
    before, then = REMADE_ON - timedelta(days=1), at(REMADE_ON) - timedelta(seconds=1)
    assert await waiting(harness, as_at=before) == right_waits
    assert await waiting(harness, as_at=REMADE_ON, known=then) == right_waits
    for day, known, expected in (
        (REMADE_ON, None, set()),
        (before, None, {"14Y"}),
        (REMADE_ON, then, {"14Y"}),
        (MERGED_ON, STATED - timedelta(seconds=1), set()),
    ):
        assert await waits_for(harness, "14Y", as_at=day, known=known) == expected, (day, known)
    [cleared] = await harness.told("GovernanceFindingCleared")
    assert (cleared["reason"], cleared["effective_on"]) == ("remade", "2018-05-01")


async def test_terms_and_deputies_wait_until_the_successor_has_its_own(harness: GovernanceHarness) -> None:
    await harness.bucks()
    await harness.person("P-deputy")
    await harness.state_terms("10H-governing-body")
    await harness.name_deputies("10Y/accountable-officer", "P-deputy")
    await harness.name_deputies("10Y/chief-finance-officer", "P-deputy")
    await harness.name_deputies("10Y/chief-finance-officer", first_day=date(2017, 1, 1))
    await harness.hear(a_merger())
    assert await waiting(harness, "14Y") == [
        ("deputies", "10Y", "14Y/accountable-officer", MERGED_ON),
        ("terms_of_reference", "10H", "14Y-governing-body", MERGED_ON),
    ]
    await harness.state_terms("14Y-governing-body", first_day=REMADE_ON)
    await harness.name_deputies("14Y/accountable-officer", "P-deputy", first_day=REMADE_ON)
    assert await waiting(harness, as_at=REMADE_ON) == []
    assert len(await waiting(harness, as_at=REMADE_ON, known=at(REMADE_ON) - timedelta(seconds=1))) == 2


async def undo(harness: GovernanceHarness, successor: str, *codes: str, on: date = MERGED_ON) -> None:
    about = {"effective_on": on, "stated_at": at(date(2020, 9, 1))}
    for code in codes:
        await harness.hear(SuccessionUndone(code=code, successor=successor, **about))
        await harness.hear(OrganisationOpened(code=code, name=f"NHS {code}", kind="ccg", **about))


async def test_what_a_later_command_ended_before_an_undone_merger_does_not_stand_again(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    ended, stands = await harness.grant("10H"), await harness.grant("10H")
    await harness.hear(a_merger(stated=STATED))
    await harness.end_right(ended, date(2018, 3, 25))
    assert await harness.told("GovernanceFindingCleared") == []
    await undo(harness, "14Y", "10H", "10Y")
    rows = await harness.database.fetch(
        "SELECT subject_id, max(upper(valid)) AS to FROM right_time_belief WHERE facet = 1 AND upper_inf(known)"
        " GROUP BY 1 HAVING NOT bool_or(upper_inf(valid)) ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [(ended, date(2018, 3, 26))]
    assert await waiting(harness) == []
    cleared = await harness.told("GovernanceFindingCleared")
    assert {(one["finding"].split(":")[1], one["reason"]) for one in cleared} >= {(f"R-{stands}", "no_longer_waits")}


async def test_a_right_that_was_passed_on_waits_for_the_first_successor_again_where_the_second_merger_is_undone(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    await harness.hear_of_ccgs("15A")
    await harness.body("15A")
    await harness.grant("10H")
    later = date(2020, 4, 1)
    await harness.hear(a_merger(), a_merger("99B", ("14Y", "15A"), on=later))
    assert [one[2:] for one in await waiting(harness, "99B", as_at=later)] == [("10H-governing-body", later)]
    assert await waiting(harness, "99B", as_at=date(2020, 3, 31)) == []
    await undo(harness, "99B", "14Y", "15A", on=later)
    assert await waiting(harness, "99B", as_at=later) == []
    assert [one[0] for one in await waiting(harness, "14Y", as_at=later)] == ["right"]
    found = await harness.database.fetch("SELECT key FROM finding WHERE cleared_at IS NULL")
    assert [row["key"].rpartition(":")[2] for row in found] == ["14Y"]


async def test_a_holder_is_carried_over_no_further_than_the_post_stands(harness: GovernanceHarness) -> None:
    await harness.person("P-1")
    begins = date(2018, 1, 1)
    await harness.hear_of_proposed("14Y", on=date(2017, 10, 1))
    for code, day in (("10H", date(2013, 4, 1)), ("10Y", date(2013, 4, 1)), ("14Y", begins)):
        await harness.body(code, first_day=day)
        await harness.committee(code, "Audit committee", {"title": "Chair"}, first_day=day)
        if code != "14Y":
            await harness.appoint(f"{code}-audit-committee/chair", "P-1")
    await harness.dissolve("14Y-audit-committee", date(2019, 6, 30))
    await harness.hear(a_merger())
    rows = await harness.database.fetch(
        "SELECT h.valid FROM post p JOIN post_time_belief h ON h.subject_id = p.id"
        " WHERE p.reference = '14Y-audit-committee/chair' AND h.facet = 2 AND upper_inf(h.known)"
    )
    assert [(row["valid"].lower, row["valid"].upper) for row in rows] == [(MERGED_ON, date(2019, 7, 1))]


def an_agreement(outcome: str, on: date, *, stated: date) -> Event:
    """What contracts publishes of AGR-1, of which 10H is a party: flagged, or what became of it."""
    about: dict[str, Any] = {"agreement": "AGR-1", "parties": ("10H", "10A"), "successor": "14Y"}
    about |= {"effective_on": on, "stated_at": at(stated)}
    if outcome in ("expected", "to_remake"):
        return AgreementToRemake(**about, merger="M-14Y", kind="other", expected=outcome == "expected")
    return AgreementSettled(**about, outcome=outcome, into="", evidence="")


EARLY, SETTLED_ON = date(2018, 1, 8), date(2018, 6, 1)
EXPECTED = an_agreement("expected", MERGED_ON, stated=EARLY)
DUE = an_agreement("to_remake", MERGED_ON, stated=MERGED_ON)


@pytest.mark.parametrize(
    ("events", "waits", "reason"),
    [
        ([EXPECTED], False, ""),
        ([EXPECTED, DUE], True, ""),
        ([EXPECTED, an_agreement("remade", EARLY, stated=EARLY), DUE], False, ""),
        ([an_agreement("remade", SETTLED_ON, stated=SETTLED_ON), DUE, DUE], False, ""),
        ([DUE, an_agreement("saved", SETTLED_ON, stated=SETTLED_ON)], False, "no_longer_waits"),
        ([DUE, an_agreement("ended", SETTLED_ON, stated=SETTLED_ON)], False, "no_longer_waits"),
    ],
    ids=["expected", "waits", "settled before", "late", "saved", "ended"],
)
async def test_an_instrument_waits_for_its_paper_and_for_the_seats_of_those_who_merged(
    harness: GovernanceHarness, events: list[Event], waits: bool, reason: str
) -> None:
    await harness.hear_of_ccgs("10A")
    seats = [{"title": "Member", "organisation": code, "described_in": "Agreement, 4"} for code in ("10H", "10A")]
    terms = {"quorum": [{"least": 1}], "majority": {"basis": "members"}}
    together = {"title": "Together", "seats": seats, "terms": terms}
    joint = await harness.instrument(
        "joint_committee", "10H", "10A", on=date(2015, 4, 1), agreement="AGR-1", constitution=together
    )
    await harness.hear(EXPECTED, course()[1].model_copy(update={"stated_at": at(EARLY)}))
    preview = await preview_merger(harness.database, "M-14Y", as_known=None)
    assert [(one.instrument, one.parties_then, one.to_remake, one.ends) for one in preview.instruments] == [
        (joint, ["10A", "14Y"], True, False)
    ]
    assert [(one.organisation, one.shared) for one in preview.posts] == [("10H", False)]
    await harness.hear(a_merger(), *events)
    listed = await waiting(harness, as_at=SETTLED_ON)
    assert ([one for one in listed if one[0] == "instrument"] != []) is waits
    assert [one for one in listed if one[0] == "seat"] == [("seat", "10H", "JOINT-together", MERGED_ON)]
    found = await harness.database.fetch("SELECT parties, cleared_at, reason FROM finding ORDER BY id")
    assert [row["reason"] or "" for row in found] == ([reason] if waits or reason else [])
    if waits:
        assert found[0]["parties"] == ["10A", "14Y"]
        await undo(harness, "14Y", "10H", "10Y")
        assert await waiting(harness, as_at=SETTLED_ON) == []
        assert len(await harness.told("GovernanceFindingCleared")) == 1
    else:
        await harness.post("14Y", body="JOINT-together", title="Member", described_in="4", first_day=SETTLED_ON)
        assert await waiting(harness, as_at=SETTLED_ON) == []


async def test_a_pooled_fund_waits_for_shares_of_those_who_live_on(harness: GovernanceHarness) -> None:
    await harness.hear_of_ccgs("10A")
    fund = await harness.instrument("pooled_fund", "10H", "10A", on=date(2015, 4, 1), host="10A", shares=["1/3", "2/3"])
    await harness.hear(a_merger())
    assert await waiting(harness) == [("instrument", "10H", fund, MERGED_ON)]
    [found] = await harness.told("GovernanceFindingRaised")
    assert (found["kind"], found["about"], found["parties"]) == ("instrument_to_remake", [fund], ["10A", "14Y"])
    await harness.end_instrument(fund, SETTLED_ON, on=SETTLED_ON)
    assert await waiting(harness, as_at=SETTLED_ON + timedelta(days=1)) == []
