"""Restricted and erased persons: a restricted name is given to nobody, an erased one is gone, and the id stays."""

import asyncio
from datetime import date

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from services.governance.core.errors import PersonNotFound
from services.governance.erasures.commands import erase_person
from services.governance.erasures.queries import find_last_day
from services.governance.erasures.rules import keeping_after
from services.governance.people.accounts import StateAccount, state_account
from services.governance.people.commands import get_person_to_change
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import GovernanceHarness, a_lead, at
from tests.support.waiting import until


def kind(refused: httpx.Response) -> str:
    return str(refused.json()["type"].rpartition("/")[2])


async def test_a_restricted_name_is_given_to_nobody_and_an_erased_person_is_not_there(
    harness: GovernanceHarness, url: str, tokens: Tokens
) -> None:
    await harness.hear_of_ccgs("10H")
    await harness.body("10H")
    person = await harness.person("P-1", "Unmistakable Nayme")
    lead = tokens.header(Role.GOVERNANCE_LEAD, subject="a lead", organisations=("10H",))
    async with running_service("governance", tokens.settings(url), DirectBus({"registry": url}), lead) as (_, client):
        path = f"/v1/people/{person}"

        async def restrict(reason: str | None, version: int) -> httpx.Response:
            headers = {"If-Match": f'"{version}"'}
            return await client.put(f"{path}/restriction", json={"reason": reason, "note": "Words"}, headers=headers)

        assert kind(await restrict("because", 1)) == "reason-not-listed"
        assert (await client.put(f"{path}/restriction", json={"reason": None})).status_code == 428
        restricted = await restrict("accuracy-contested", 1)
        assert (restricted.status_code, restricted.headers["ETag"]) == (200, '"2"')
        one = (await client.get(path)).json()
        [listed] = (await client.post("/v1/people/lookups", json={"persons": [person]})).json()["people"]
        for shown in (one, listed):
            assert (shown["display_name"], shown["restricted"]) == (None, "accuracy-contested")
        assert await harness.database.fetch("SELECT id FROM name_read") == [], "no name was given out"

        assert (await restrict(None, 2)).status_code == 200
        assert (await client.get(path)).json()["display_name"] == "Unmistakable Nayme"
        assert len(await harness.database.fetch("SELECT id FROM name_read")) == 1

        assert (await client.post(f"{path}/erasure")).status_code == 428
        assert (await client.post(f"{path}/erasure", headers={"If-Match": '"3"'})).status_code == 204
        assert (await client.get(path)).status_code == 404
        assert (await client.put(path, json={"display_name": "A"}, headers={"If-Match": '"4"'})).status_code == 404
        appointed = {"post": "10H/accountable-officer", "person": person, "first_day": "2030-04-01"}
        assert kind(await client.post("/v1/appointments", json=appointed)) == "person-not-found"
        deputies = {"persons": [person], "first_day": "2030-04-01"}
        named = await client.put("/v1/posts/10H/accountable-officer/deputies", json=deputies)
        assert kind(named) == "person-not-found"
        acts = (await client.get("/v1/acts?organisation=10H")).json()["items"]
        assert [(one["operation"], one["reason"], one["note"]) for one in acts if one["subject"] == person] == [
            ("name restricted", "accuracy-contested", None),
            ("restriction lifted", None, None),
            ("person erased", None, None),
        ]
    assert await harness.database.fetch("SELECT id FROM name_read") == []


async def test_who_waits_for_an_erasure_records_no_account_after_it(harness: GovernanceHarness) -> None:
    person = await harness.person("P-1")
    lead, today = a_lead(), date(2018, 4, 1)

    async def account() -> None:
        async with harness.database.begin() as session:
            found = await get_person_to_change(session, person, by=lead, today=today)
            await state_account(session, found, StateAccount(subject="a.officer"), by=lead)

    waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with harness.database.begin() as session:
        found = await get_person_to_change(session, person, by=lead, today=today)
        late = asyncio.create_task(account())
        await until(lambda: harness.database.fetch(waiting))
        await erase_person(session, found, by=lead, today=today, stated_at=at(today))
    with pytest.raises(PersonNotFound):
        await late
    assert await harness.database.fetch("SELECT FROM person_account") == []


async def test_who_was_named_as_a_deputy_acted_up_to_the_end_of_the_post(harness: GovernanceHarness) -> None:
    person = await harness.person("P-1")
    await harness.body("10H")
    panel = await harness.committee("10H", "Panel", {"title": "Chair"})
    await harness.name_deputies(f"{panel}/chair", "P-1")
    assert await find_last_day(harness.database, person) == date.max
    await harness.dissolve(panel, date(2015, 3, 31))
    assert await find_last_day(harness.database, person) == date(2015, 3, 31)


@pytest.mark.parametrize(
    ("last_day", "kept_until"), [(date(2017, 3, 31), date(2023, 3, 31)), (date(2016, 2, 29), date(2022, 2, 28))]
)
def test_a_person_is_kept_six_years_after_the_last_day(last_day: date, kept_until: date) -> None:
    kept = keeping_after(last_day)
    assert kept is not None
    assert (kept.kept_until, kept.pack) == (kept_until, "people-kept-2000")
    assert keeping_after(date(2000, 2, 29)) is None


@given(st.dates(date(2000, 3, 1), date(2100, 12, 31)), st.dates(date(2000, 3, 1), date(2100, 12, 31)))
def test_who_acted_later_is_not_kept_shorter(one: date, other: date) -> None:
    first, second = keeping_after(min(one, other)), keeping_after(max(one, other))
    assert first is not None
    assert second is not None
    assert first.kept_until <= second.kept_until
    assert not first.may_be_erased_on(first.kept_until)
