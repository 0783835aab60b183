"""The registry's acts bind the bodies that they name: who acts for some of them alone is refused, with nothing done."""

import asyncio

import pytest

from libs.common.identity import Role
from tests.registry.applications.applicants import an_application
from tests.registry.conftest import registry, tokens, url
from tests.support.builders import a_practice, an_icb, an_organisation
from tests.support.edge import version_in
from tests.support.registry_client import RegistryClient
from tests.support.waiting import until

__all__ = ["registry", "tokens", "url"]

LEAD, REGISTRAR, ENGLAND = Role.GOVERNANCE_LEAD, Role.REGISTRAR, Role.NHS_ENGLAND
STALE = {"If-Match": '"999"'}


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


async def test_a_successor_acts_for_a_body_from_the_day_on_which_it_succeeds_it(peopled: RegistryClient) -> None:
    acquired = {"shape": "acquisition", "predecessors": ["RX1"], "successors": [{"code": "RX3"}]}
    await peopled.call("POST", "/reorganisations", json={**acquired, "effective_on": "2019-04-01"})
    version = (await peopled.ask("RX1", "2019-01-01"))["version"]
    for today, expected in (("2019-03-31", 403), ("2019-04-01", 200)):
        await peopled.move_clock(today)
        answer = await peopled.send(
            "POST",
            "/organisations/RX1/renaming",
            REGISTRAR,
            organisations=("RX3",),
            json={"new_name": "Another", "effective_on": "2019-02-01"},
            headers={"If-Match": f'"{version}"'},
        )
        assert answer.status_code == expected, answer.text
        model = await peopled.send("GET", "/care-models/10H-MCP", REGISTRAR, organisations=("RX3",))
        assert (model.json()["services"] is None) == (expected == 403)


async def test_the_account_of_a_body_that_is_gone_binds_no_successor(registry: RegistryClient) -> None:
    await registry.move_clock("2018-03-01")
    await registry.open("10H", "10Y")
    await registry.merge("14Y", "10H", "10Y", on="2018-04-01")
    renaming = {"new_name": "NHS Chiltern", "effective_on": "2017-01-01"}
    for day, bound in (("2018-03-31", ()), ("2018-04-01", ("14Y",))):
        await registry.move_clock(day)
        version = (await registry.send("GET", "/organisations/10H")).headers["ETag"]
        for organisations in (("10H",), ("10H", "14Y"), ("14Y",)):
            answer = await registry.send(
                "POST",
                "/organisations/10H/renaming",
                REGISTRAR,
                organisations=organisations,
                json=renaming,
                headers={"If-Match": version},
                params={"dry_run": "true"},
            )
            may = set(bound) <= set(organisations) and ("10H" in organisations or bound)
            assert (answer.status_code == 200) == bool(may), (day, organisations, answer.text)


async def test_who_is_no_applicant_is_told_no_version_and_can_join_without_one(peopled: RegistryClient) -> None:
    path = "/merger-applications/A-14Y/applicants"
    leaving = await peopled.send("POST", f"{path}/10Q/withdrawal", LEAD, organisations=("10Q",), headers=STALE)
    assert (leaving.status_code, leaving.json()["type"].rpartition("/")[2]) == (404, "no-such-applicant")
    seen = await peopled.send("GET", "/merger-applications/A-14Y", LEAD, organisations=("10Q",))
    assert (seen.json()["version"], version_in(seen)) == (None, None)
    joining = {"applicant": "10Q", "agreed_on": "2019-01-01"}
    joined = await peopled.send("POST", path, LEAD, organisations=("10Q",), json=joining)
    assert (joined.status_code, joined.json()["applicants"]) == (201, ["10Y", "10H", "10Q"]), joined.text
    seen = await peopled.send("GET", "/merger-applications/A-14Y", LEAD, organisations=("10Q",))
    assert seen.json()["version"] == joined.json()["version"] == 2


async def test_a_partner_that_joins_while_a_command_waits_for_the_lock_is_bound_too(peopled: RegistryClient) -> None:
    async with peopled.database.connect() as holding, holding.transaction():
        await holding.execute("SELECT FROM care_model FOR UPDATE")
        ending = asyncio.create_task(
            peopled.send(
                "POST",
                "/care-models/10H-MCP/end",
                REGISTRAR,
                organisations=("10H", "RX1"),
                json={"effective_on": "2020-04-01"},
                headers={"If-Match": '"1"'},
            )
        )
        await until(lambda: _waits_for_a_lock(peopled))
        await holding.execute(
            "INSERT INTO care_model_statement (care_model_id, stated, effective_on, partners, services, excludes, note,"
            " stated_at, source, recorded_by)"
            " SELECT care_model_id, 'replanned', effective_on, '{RX1,RX2}', '', '{}', '', stated_at + interval '1 s',"
            " source, recorded_by FROM care_model_statement"
        )
    refused = await ending
    assert refused.status_code == 403, refused.text
    assert "RX2" in refused.json()["detail"]


async def test_a_parent_that_a_body_gets_while_a_command_waits_for_the_lock_is_bound_too(
    peopled: RegistryClient,
) -> None:
    async with peopled.database.connect() as holding, holding.transaction():
        await holding.execute("SELECT FROM organisation WHERE code = 'K82001' FOR UPDATE")
        moving = asyncio.create_task(
            peopled.send(
                "POST",
                "/organisations/K82001/parent",
                REGISTRAR,
                organisations=("K82001", "10H", "10Y"),
                json={"parent": "10Y", "relation": "commissioned by", "effective_on": "2019-04-01"},
                headers={"If-Match": '"1"'},
            )
        )
        await until(lambda: _waits_for_a_lock(peopled))
        await holding.execute(
            "UPDATE organisation_belief b SET value = '10Q' FROM organisation o"
            " WHERE o.id = b.subject_id AND o.code = 'K82001' AND b.value = '10H'"
        )
    refused = await moving
    assert refused.status_code == 403, refused.text
    assert "10Q" in refused.json()["detail"]


async def _waits_for_a_lock(registry: RegistryClient) -> bool:
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return bool(await registry.database.fetch(waiting))
