"""Every command of governance is refused to who does not act for all that it binds."""

from datetime import date

from libs.common.identity import Role
from tests.security.walk import Case, walk, without_a_case
from tests.support.builders import a_ccg, a_merger_command
from tests.support.platform import Platform

TODAY = "2013-04-01"
LEAD = Role.GOVERNANCE_LEAD


async def prepared(platform: Platform) -> list[Case]:
    """Two CCGs, of which 10H has a body with a holder and a right and keeps a person; a case for each command."""
    await platform.move_clocks(date.fromisoformat(TODAY))
    ccgs = {"organisations": [a_ccg("10H"), a_ccg("10Y")]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=ccgs)
    await platform.caught_up()
    named = {"organisation": "10H", "display_name": "An officer"}
    person = (await platform.call("POST", "governance", "/people", LEAD, json=named))["person"]
    body = {"organisation": "10H", "first_day": TODAY, "posts": [{"title": "Chair"}]}
    await platform.call("POST", "governance", "/bodies", LEAD, json=body)
    held = {"post": "10H/chair", "person": person, "first_day": TODAY}
    appointment = (await platform.call("POST", "governance", "/appointments", LEAD, json=held))["appointment"]
    right = {
        "organisation": "10H",
        "function": "contract-award",
        "first_day": TODAY,
        "source_minute": "Governing body, 1 April 2013, item 6",
    }
    granted = (await platform.call("POST", "governance", "/decision-rights", LEAD, json=right))["decision_right"]
    vacant = {**held, "post": "10H/accountable-officer"}
    passed_on = {**right, "post": "10H/chair", "delegated_from": granted}
    ends = {"last_day": TODAY, "reason": "term-ended"}
    return [
        Case(operation="register_person", role=LEAD, binds=("10H",), path="/people", json=named),
        Case(
            operation="correct_name",
            role=LEAD,
            binds=("10H",),
            method="PUT",
            path="/people/{person}",
            values={"person": person},
            json={"display_name": "Another name"},
            version=1,
            hidden=True,
        ),
        Case(
            operation="establish_body",
            role=LEAD,
            binds=("10Y",),
            path="/bodies",
            json={"organisation": "10Y", "first_day": TODAY},
        ),
        Case(
            operation="create_post",
            role=LEAD,
            binds=("10H",),
            path="/posts",
            json={"organisation": "10H", "title": "Chief nurse", "first_day": TODAY},
        ),
        Case(operation="make_appointment", role=LEAD, binds=("10H",), path="/appointments", json=vacant),
        Case(
            operation="end_appointment",
            role=LEAD,
            binds=("10H",),
            path="/appointments/{appointment}/ending",
            values={"appointment": appointment},
            json=ends,
            version=1,
        ),
        Case(operation="grant_decision_right", role=LEAD, binds=("10H",), path="/decision-rights", json=right),
        Case(operation="grant_decision_right", role=LEAD, binds=("10H",), path="/decision-rights", json=passed_on),
        Case(
            operation="end_decision_right",
            role=LEAD,
            binds=("10H",),
            path="/decision-rights/{right}/ending",
            values={"right": str(granted)},
            json=ends,
            version=1,
        ),
    ]


async def test_every_command_needs_its_role_and_every_organisation_that_it_binds(platform: Platform) -> None:
    cases = await prepared(platform)
    await walk(platform, "governance", cases)
    others = without_a_case(platform.apps["governance"], cases)
    bound = [name for name, binding in others.items() if binding is not None and not binding.none_because]
    assert bound == []
    assert others["look_up_names"] is not None


async def test_an_account_of_a_body_that_is_gone_changes_nothing_that_its_successor_continues(
    platform: Platform,
) -> None:
    cases = await prepared(platform)
    merged = date(2018, 4, 1)
    merger = a_merger_command("14Y", "10H", "10Y", on=merged)
    await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=merger)
    await platform.move_clocks(merged)
    for case in cases:
        request = case.request(dry_run=True)
        statuses = {}
        for codes in (case.binds, ("14Y",)):
            headers = request["headers"] | platform.tokens.header(LEAD, organisations=codes)
            answer = await platform.clients["governance"].request(**request | {"headers": headers})
            statuses[codes] = answer.status_code
        assert statuses.pop(case.binds) == 403, case.operation
        assert statuses.pop(("14Y",)) in {200, 201, 409, 412}, case.operation


async def test_a_right_of_another_body_is_neither_passed_on_nor_made_again(platform: Platform) -> None:
    """What a grant names beside its organisation cannot be another body's, so that it binds that organisation alone."""
    cases = await prepared(platform)
    await platform.call("POST", "governance", "/bodies", LEAD, json={"organisation": "10Y", "first_day": TODAY})
    [source] = [case.values["right"] for case in cases if case.operation == "end_decision_right"]
    right = {
        "organisation": "10Y",
        "function": "contract-award",
        "first_day": TODAY,
        "source_minute": "Governing body, 1 April 2013, item 6",
    }
    for named, status in (
        ({"delegated_from": int(source)}, 404),
        ({"remakes": int(source)}, 409),
        ({"post": "10H/chair"}, 404),
    ):
        await platform.call(
            "POST",
            "governance",
            "/decision-rights",
            LEAD,
            organisations=("10Y",),
            json={**right, **named},
            expect=status,
        )
