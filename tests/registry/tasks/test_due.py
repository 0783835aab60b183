"""What of a merger waits for too long is a finding, and so is a body that an undoing leaves closed; each is cleared."""

from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.events.registry import OrganisationOpened
from libs.common.identity import Role
from libs.common.process.clock import start_of
from services.registry.core import recording
from services.registry.tasks.rules import MergerStep, MergerStepBounds, MergerWait, stalled_on
from tests.registry.suspensions.test_suspensions import act, agreed, undo
from tests.support.registry_client import RegistryClient

SINCE = date(2018, 6, 1)


@pytest.mark.parametrize(("waited", "is_found"), [(29, False), (30, False), (31, True)])
def test_a_step_is_stalled_from_the_day_after_its_bound_and_one_without_a_bound_never(
    waited: int, is_found: bool
) -> None:
    bounds = MergerStepBounds({"agreement": 30}, "a-pack")
    fields = {"about": ("A-14Y",), "since": SINCE, "path": "/merger-applications/A-14Y/agreements", "parties": ("10H",)}
    waits = [MergerWait(step=step, who=("10H",), **fields) for step in (MergerStep.AGREEMENT, MergerStep.REDATING)]  # type: ignore[arg-type]
    found = stalled_on(waits, bounds, on=SINCE + timedelta(days=waited))
    assert [one.step for one in found] == [MergerStep.AGREEMENT] * is_found
    assert bounds.text(waits[0]) == (
        "A-14Y: step agreement waits since 2018-06-01, longer than 30 days (a-pack): "
        "10H by POST /merger-applications/A-14Y/agreements"
    )


async def findings(registry: RegistryClient, *organisations: str, **asked: str) -> list[tuple[str, list[str], str]]:
    more: dict[str, Any] = {"organisations": organisations} if organisations else {}
    page = await registry.call("GET", "/mergers/findings", params=asked, **more)
    return [(one["kind"], one["about"], one["raised_on"]) for one in page["items"]]


async def test_a_suspended_scheme_that_is_forgotten_is_a_finding_until_it_continues(registry: RegistryClient) -> None:
    await agreed(registry)
    await registry.move_clock("2018-06-01")
    await act(registry, "suspension")
    await registry.move_clock("2018-08-30")
    assert await findings(registry) == []
    await registry.move_clock("2018-09-03")
    waits = ("stalled", ["M-14Y", "M-14Y-S1"], "2018-08-31")
    assert await findings(registry) == await findings(registry, "10Y") == [waits]
    assert await findings(registry, "99X") == []
    [one] = (await registry.call("GET", "/mergers/findings", params={"about": "M-14Y-S1"}))["items"]
    assert (one["due_on"], one["parties"]) == ("2018-08-30", ["10Y", "14Y"])
    assert one["text"].endswith("NHS England by POST /mergers/M-14Y/schemes/M-14Y-S1/resumption")
    await act(registry, "resumption")
    await registry.move_clock("2018-09-04")
    assert await findings(registry) == []
    assert await findings(registry, as_at="2018-09-03") == [waits]


async def test_an_application_that_waits_and_a_merger_whose_day_passed_are_findings_until_they_move(
    registry: RegistryClient,
) -> None:
    await registry.move_clock("2018-01-10")
    await registry.open("10H", "10Y", "05A", "05B")
    filed = {"successor": "14Y", "successor_name": "NHS 14Y", "applicants": ["10H", "10Y"], "filed_by": "10H"}
    filed |= {"constitution": "https://example.org/c", "accountable_officer": "P-1", "effective_on": "2020-04-01"}
    made = await registry.call("POST", "/merger-applications", json=filed)
    await registry.merge("52R", "05A", "05B", on="2018-04-01", schemes=[])
    await registry.move_clock("2018-04-16")
    assert await findings(registry) == [("stalled", ["M-52R"], "2018-04-16")]
    await registry.move_clock("2018-07-20")
    assert await findings(registry, about="A-14Y") == [("stalled", ["A-14Y"], "2018-07-12")]
    version = {"If-Match": f'"{made["version"]}"'}
    path = "/merger-applications/A-14Y/determination"
    rejected = {"outcome": "rejected", "reasons": ["no_clear_case"]}
    await registry.call("POST", path, Role.NHS_ENGLAND, json=rejected, headers=version, expect=200)
    await registry.move_clock("2018-07-21")
    assert await findings(registry, about="A-14Y") == []


async def test_a_body_that_stays_closed_though_its_succession_was_undone_is_a_finding(registry: RegistryClient) -> None:
    await agreed(registry)
    await registry.move_clock("2018-05-31")
    assert await findings(registry) == []
    await undo(registry, "10Y")
    await registry.move_clock("2018-06-02")
    left = ("not_put_back", ["10Y", "14Y"], "2018-06-01")
    assert await findings(registry) == await findings(registry, "10Y") == [left]
    day = date(2018, 6, 3)
    reopened = OrganisationOpened(
        code="10Y", name="NHS 10Y", kind="ccg", effective_on=date(2018, 4, 1), stated_at=start_of(day)
    )
    async with registry.database.begin() as session:
        await recording.record(session, [reopened], source=recording.COMMAND, by="a test")
    await registry.move_clock("2018-06-03")
    assert await findings(registry) == []
    names = await registry.names_told()
    assert [names.count(f"RegistryFinding{what}") for what in ("Raised", "Cleared")] == [1, 1]
