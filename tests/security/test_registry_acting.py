"""The registry's acts bind the bodies that they name: who acts for some of them alone is refused, with nothing done."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from libs.common.identity import Role
from tests.registry.applications.applicants import an_application
from tests.registry.conftest import registry, tokens, url
from tests.support.builders import a_ccg, a_merger_command, a_practice, an_icb, an_organisation
from tests.support.registry_client import RegistryClient

__all__ = ["registry", "tokens", "url"]

LEAD, REGISTRAR, ENGLAND = Role.GOVERNANCE_LEAD, Role.REGISTRAR, Role.NHS_ENGLAND
STALE = {"If-Match": '"999"'}


@dataclass(frozen=True)
class Foreign:
    """An act whose caller acts for `own` alone, and not for every body that it binds."""

    path: str
    own: tuple[str, ...]
    role: Role
    body: Any = None
    method: str = "POST"


SUCCESSION = {
    "shape": "split",
    "predecessors": ["RX1"],
    "successors": [{"code": "RX2", "share": "1/2"}, {"code": "RX3", "share": "1/2"}],
    "effective_on": "2019-04-01",
}
LISTS = [{"code": "10H", "practices": []}, {"code": "10Y", "practices": ["K82001", "K82002"]}]

FOREIGN = {
    "an application for several applicants": Foreign(
        "/merger-applications", ("10Q",), LEAD, an_application("15A", "10Q", "10V", effective_on="2020-04-01")
    ),
    "an application edited for all": Foreign(
        "/merger-applications/A-14Y", ("10H",), LEAD, {"successor_name": "NHS Mine"}, "PUT"
    ),
    "an application withdrawn for all": Foreign("/merger-applications/A-14Y/withdrawal", ("10H",), LEAD),
    "another joins an application": Foreign(
        "/merger-applications/A-14Y/applicants", ("10H",), LEAD, {"applicant": "10Q", "agreed_on": "2019-01-01"}
    ),
    "another leaves an application": Foreign("/merger-applications/A-14Y/applicants/10Y/withdrawal", ("10H",), LEAD),
    "a judgement about another": Foreign(
        "/merger-applications/A-14Y/judgements",
        ("10H",),
        ENGLAND,
        {"criterion": "logical_footprint", "passes": True, "reasons": "It is"},
    ),
    "a determination about another": Foreign(
        "/merger-applications/A-14Y/determination", ("10H",), ENGLAND, {"outcome": "rejected"}
    ),
    "a merger of another": Foreign("/mergers", ("10Q", "15A"), ENGLAND, a_merger_command("15A", "10Q", "10V")),
    "a merger into a body of another": Foreign(
        "/mergers", ("10Q", "10V"), ENGLAND, a_merger_command("15P", "10Q", "10V")
    ),
    "another's merger redated": Foreign(
        "/mergers/M-16C/redating", ("11A", "16C"), ENGLAND, {"effective_on": "2021-04-01"}
    ),
    "another's merger withdrawn": Foreign("/mergers/M-16C/withdrawal", ("11A", "16C"), ENGLAND),
    "another's scheme": Foreign("/mergers/M-16C/schemes", ("11A",), LEAD, {"sort": "staff"}),
    "another's cluster": Foreign(
        "/clusters",
        ("QMJ",),
        LEAD,
        {"name": "Mine", "icbs": ["QMJ", "QRV"], "shares": ["chair"], "effective_on": "2025-10-01"},
    ),
    "a cluster ended for all": Foreign("/clusters/CL-QHM/ending", ("QHM",), LEAD, {"effective_on": "2027-04-01"}),
    "an owner of another": Foreign(
        "/organisations/RX1/relations",
        ("RX1",),
        REGISTRAR,
        {"relation": "owns", "other": "RX2", "share": "1/2", "effective_on": "2018-04-01"},
    ),
    "another owns": Foreign(
        "/organisations/RX1/relations",
        ("RX2",),
        REGISTRAR,
        {"relation": "owns", "other": "RX2", "share": "1/2", "effective_on": "2018-04-01"},
    ),
    "a hosting ended for another": Foreign(
        "/organisations/RX1/relations/ending",
        ("RX2",),
        REGISTRAR,
        {"relation": "hosts", "other": "RX2", "effective_on": "2018-10-01"},
    ),
    "a parent that does not agree": Foreign(
        "/organisations/K82001/parent", ("K82001", "10H"), REGISTRAR, {"parent": "10Y", "effective_on": "2019-04-01"}
    ),
    "a parent that loses a practice": Foreign(
        "/organisations/K82001/parent", ("K82001", "10Y"), REGISTRAR, {"parent": "10Y", "effective_on": "2019-04-01"}
    ),
    "a new practice of another's": Foreign(
        "/organisations", ("K99999",), REGISTRAR, a_practice("K99999", parent="10Y")
    ),
    "one of a batch": Foreign(
        "/organisations/batch", ("11X",), REGISTRAR, {"organisations": [a_ccg("11X"), a_ccg("11W")]}
    ),
    "another's cover": Foreign("/covers", ("10H",), REGISTRAR, {"effective_on": "2019-04-01", "commissioners": LISTS}),
    "a succession to another": Foreign("/reorganisations", ("RX1", "RX2"), REGISTRAR, SUCCESSION),
    "a succession from another": Foreign("/reorganisations", ("RX2", "RX3"), REGISTRAR, SUCCESSION),
    "a succession to another undone": Foreign("/reorganisations/R-RX4/undoing", ("RX4",), REGISTRAR),
    "a report that names another": Foreign(
        "/reports",
        ("RX1",),
        REGISTRAR,
        {
            "source": "hsj:1",
            "stated_on": "2018-11-04",
            "facts": [{"code": "RX1", "about": "succession", "value": "RX2", "effective_on": "2018-04-01"}],
        },
    ),
    "a care model with another": Foreign(
        "/care-models",
        ("10H",),
        REGISTRAR,
        {"reference": "X-MCP", "model": "mcp", "name": "Mine", "place": "10H", "partners": ["RX1"]},
    ),
    "another's care model delayed": Foreign("/care-models/10H-MCP/delay", ("10H",), REGISTRAR, {}),
    "another's care model replanned": Foreign(
        "/care-models/10H-MCP/replanning", ("10H", "RX1"), REGISTRAR, {"planned_for": None, "partners": ["RX2"]}
    ),
    "another's care model established": Foreign(
        "/care-models/10H-MCP/establishment", ("RX1",), REGISTRAR, {"effective_on": "2019-01-01"}
    ),
    "another's care model ended": Foreign(
        "/care-models/10H-MCP/end", ("10H",), REGISTRAR, {"effective_on": "2020-04-01"}
    ),
    "another's name": Foreign(
        "/organisations/10Y/renaming", ("10H",), REGISTRAR, {"new_name": "Mine", "effective_on": "2019-04-01"}
    ),
}


@pytest.fixture
async def peopled(registry: RegistryClient) -> RegistryClient:
    """A registry with two of everything."""
    await registry.move_clock("2019-01-01")
    await registry.open("10H", "10Y", "10Q", "10V", "11A", "11J")
    await registry.open("RX1", "RX2", "RX3", "RX4", "RX5", kind="nhs_trust")
    for code in ("K82001", "K82002"):
        await registry.call("POST", "/organisations", json=a_practice(code, parent="10H"))
    await registry.call(
        "POST", "/organisations", json=an_organisation("15P", "ccg", on="2018-04-01", status="proposed")
    )
    applied = an_application("14Y", "10Y", "10H", effective_on="2020-04-01")
    await registry.call("POST", "/merger-applications", json=applied)
    await registry.merge("16C", "11A", "11J", on="2020-04-01", schemes=[])
    hosting = {"relation": "hosts", "other": "RX2", "effective_on": "2018-04-01"}
    await registry.call("POST", "/organisations/RX1/relations", json=hosting)
    acquisition = {
        "shape": "acquisition",
        "predecessors": ["RX4"],
        "successors": [{"code": "RX5"}],
        "effective_on": "2018-10-01",
    }
    await registry.call("POST", "/reorganisations", json=acquisition)
    planned = {"reference": "10H-MCP", "model": "mcp", "name": "A provider", "place": "10H", "partners": ["RX1"]}
    await registry.call("POST", "/care-models", json=planned)
    await registry.move_clock("2025-10-01")
    icbs = [an_icb(code) for code in ("QMJ", "QRV", "QHM", "QF7")]
    await registry.call("POST", "/organisations/batch", json={"organisations": icbs})
    clustered = {"name": "North", "icbs": ["QHM", "QF7"], "shares": ["chair"], "effective_on": "2025-10-01"}
    await registry.call("POST", "/clusters", json=clustered)
    await registry.move_clock("2019-01-01")
    return registry


async def test_an_act_needs_every_body_that_it_binds_and_says_nothing_of_a_version(peopled: RegistryClient) -> None:
    before = await _everything(peopled)
    for name, act in FOREIGN.items():
        answer = await peopled.send(act.method, act.path, act.role, organisations=act.own, json=act.body, headers=STALE)
        assert answer.status_code == 403, f"{name}: {answer.status_code} {answer.text}"
        assert answer.json()["type"].endswith("/not-yours-to-decide"), f"{name}: {answer.text}"
    assert await _everything(peopled) == before


async def test_the_right_is_asked_for_before_anything_is_locked(peopled: RegistryClient) -> None:
    locks = (
        "SELECT FROM organisation FOR UPDATE",
        "SELECT FROM merger FOR UPDATE",
        "SELECT FROM merger_application FOR UPDATE",
        "SELECT FROM cluster FOR UPDATE",
        "SELECT FROM care_model FOR UPDATE",
        "SELECT FROM reorganisation FOR UPDATE",
    )
    async with peopled.database.connect() as holding, holding.transaction():
        for lock in locks:
            await holding.execute(lock)
        async with asyncio.timeout(20):
            for name, act in FOREIGN.items():
                answer = await peopled.send(
                    act.method, act.path, act.role, organisations=act.own, json=act.body, headers=STALE
                )
                assert answer.status_code == 403, name


async def test_what_does_not_exist_is_not_found_by_who_could_not_act_for_it(peopled: RegistryClient) -> None:
    for path in ("/mergers/M-99Z/withdrawal", "/merger-applications/A-99Z/withdrawal"):
        role = ENGLAND if path.startswith("/mergers") else LEAD
        answer = await peopled.send("POST", path, role, organisations=("10Q",), headers=STALE)
        assert answer.status_code == 404, answer.text
    unknown = {"new_name": "Nobody's", "effective_on": "2019-04-01"}
    answer = await peopled.send(
        "POST", "/organisations/99Z/renaming", REGISTRAR, organisations=("10Q",), json=unknown, headers=STALE
    )
    assert answer.status_code == 403, answer.text


async def test_who_took_a_part_of_a_body_does_not_act_for_the_rest_of_it(peopled: RegistryClient) -> None:
    part = {
        "shape": "boundary_change",
        "predecessors": ["10Q"],
        "successors": [{"code": "10V"}],
        "effective_on": "2018-04-01",
    }
    await peopled.call("POST", "/reorganisations", json=part)
    renaming = {"new_name": "Taken", "effective_on": "2019-04-01"}
    headers = {"If-Match": '"2"'}
    for own, expected in (("10V", 403), ("10Q", 200)):
        answer = await peopled.send(
            "POST", "/organisations/10Q/renaming", REGISTRAR, organisations=(own,), json=renaming, headers=headers
        )
        assert answer.status_code == expected, answer.text


async def test_a_successor_acts_for_what_it_succeeded_several_steps_back(peopled: RegistryClient) -> None:
    for predecessor, successor in (("RX1", "RX2"), ("RX2", "RX3")):
        acquired = {
            "shape": "acquisition",
            "predecessors": [predecessor],
            "successors": [{"code": successor}],
            "effective_on": "2018-06-01" if predecessor == "RX1" else "2018-07-01",
        }
        await peopled.call("POST", "/reorganisations", json=acquired)
    for own, expected in (("RX1", 403), ("RX3", 201)):
        role = {"role": "prescribing_hub", "effective_on": "2015-04-01"}
        version = (await peopled.ask("RX2", "2019-01-01"))["version"]
        answer = await peopled.send(
            "POST",
            "/organisations/RX2/roles",
            REGISTRAR,
            organisations=(own,),
            json=role,
            headers={"If-Match": f'"{version}"'},
        )
        assert answer.status_code == expected, answer.text


async def _everything(registry: RegistryClient) -> dict[str, Any]:
    """Every row of the registry's own tables."""
    found = await registry.database.fetch("SELECT tablename AS t FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return {
        row["t"]: await registry.database.fetch(f'SELECT * FROM "{row["t"]}" AS r ORDER BY r::text')
        for row in found
        if row["t"] not in {"event_log", "outbox", "sequencer_state", "audit_entry", "idempotency_key"}
    }
