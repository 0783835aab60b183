"""Organisations come into being, change their name or parent, and close."""

from tests.registry.desk import Desk

A_CCG = {"code": "10Y", "name": "NHS Aylesbury Vale CCG", "kind": "ccg", "effective_on": "2013-04-01"}


async def test_an_opened_organisation_is_open_from_its_day_and_unknown_before(desk: Desk) -> None:
    await desk.call("POST", "/organisations", json=A_CCG, expect=201)
    on_the_day = await desk.ask("10Y", "2013-04-01")
    assert (on_the_day["status"], on_the_day["name"], on_the_day["kind"]) == ("open", "NHS Aylesbury Vale CCG", "ccg")
    before = await desk.ask("10Y", "2013-03-31")
    assert (before["status"], before["name"]) == ("unknown", None)
