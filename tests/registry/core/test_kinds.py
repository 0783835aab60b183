"""Every kind of body is there, and a kind is a fact of days, as are status in law, roles and addresses."""

from typing import Any

from libs.common.events.registry import OrganisationKindChanged, OrganisationLegalStatusChanged, OrganisationMoved
from libs.common.identity import Role
from services.registry.core.kinds import Kind
from tests.support.builders import a_ccg, an_icb
from tests.support.registry_client import RegistryClient

NAMED = (
    "pct_cluster pct sha ccg icb sub_icb_location csu nhs_trust foundation_trust stp nhs_england nhs_england_region "
    "local_office commissioning_hub cqc local_authority gp_practice gp_federation pcn locality lmc joint_venture "
    "company social_enterprise charity arms_length_body welsh_health_board independent_provider hospice healthwatch "
    "prescribing_cost_centre unknown"
)


def test_every_kind_that_england_reorganises_is_known() -> None:
    assert set(NAMED.split()) <= {str(kind) for kind in Kind}


async def test_a_body_of_each_kind_is_opened_and_found(registry: RegistryClient) -> None:
    for number, kind in enumerate(NAMED.split()):
        await registry.open(f"X{number}", kind=kind)
    for number, kind in enumerate(NAMED.split()):
        found = await registry.call("GET", "/organisations", params={"kind": kind, "as_at": "2014-01-01"})
        assert [one["code"] for one in found["items"]] == [f"X{number}"]


async def test_a_trust_becomes_a_foundation_trust_under_its_code(registry: RegistryClient) -> None:
    await registry.open("RQM", kind="nhs_trust", on="1994-04-01")
    body = {"kind": "foundation_trust", "effective_on": "2006-10-01"}
    await registry.change("/organisations/RQM/kind", version=1, body=body)
    kinds = [(await registry.ask("RQM", day))["kind"] for day in ("2006-09-30", "2006-10-01")]
    assert kinds == ["nhs_trust", "foundation_trust"]
    asked = {"kind": "nhs_trust", "as_at": "2006-10-01"}
    assert (await registry.call("GET", "/organisations", params=asked))["items"] == []
    assert isinstance((await registry.told())[-1], OrganisationKindChanged)


async def test_a_kind_put_in_late_ends_where_the_next_begins(registry: RegistryClient) -> None:
    await registry.open("QE1", kind="stp", on="2016-04-01")
    await registry.change("/organisations/QE1/kind", version=1, body={"kind": "icb", "effective_on": "2022-07-01"})
    between = {"kind": "joint_venture", "effective_on": "2018-04-01"}
    await registry.change("/organisations/QE1/kind", version=2, body=between)
    days = ("2018-03-31", "2018-04-01", "2022-06-30", "2022-07-01")
    assert [(await registry.ask("QE1", day))["kind"] for day in days] == [
        "stp",
        "joint_venture",
        "joint_venture",
        "icb",
    ]


async def test_the_kind_of_before_stays_known_as_it_was(registry: RegistryClient) -> None:
    await registry.call(
        "POST",
        "/organisations",
        Role.LOADER,
        Role.REGISTRAR,
        json={"code": "RQM", "name": "A trust", "kind": "nhs_trust", "effective_on": "1994-04-01"},
        headers={"Stated-At": "1994-04-01"},
    )
    await registry.change(
        "/organisations/RQM/kind", version=1, body={"kind": "foundation_trust", "effective_on": "2006-10-01"}
    )
    assert (await registry.ask("RQM", "2010-01-01", as_known="2005-01-01"))["kind"] == "nhs_trust"
    assert (await registry.ask("RQM", "2010-01-01"))["kind"] == "foundation_trust"


async def test_no_body_is_declared_unknown_or_the_kind_that_it_is(registry: RegistryClient) -> None:
    await registry.open("RQM", kind="nhs_trust")
    unknown = {"kind": "unknown", "effective_on": "2016-10-01"}
    await registry.change("/organisations/RQM/kind", version=1, body=unknown, expect=422)
    same = {"kind": "nhs_trust", "effective_on": "2016-10-01"}
    refused = await registry.change("/organisations/RQM/kind", version=1, body=same, expect=409)
    assert refused["type"].endswith("/no-change")


async def test_a_ccg_in_an_agreed_merger_stays_one_until_then(registry: RegistryClient) -> None:
    await registry.move_clock("2017-01-10")
    await registry.open("10H", "10Y")
    await registry.merge("14Y", "10H", "10Y", on="2018-04-01")
    version = (await registry.ask("10H", "2017-01-10"))["version"]
    body = {"kind": "company", "effective_on": "2017-06-01"}
    refused = await registry.change("/organisations/10H/kind", version=version, body=body, expect=409)
    assert refused["type"].endswith("/merger-agreed")


async def test_a_caller_says_only_what_its_own_bodies_are(registry: RegistryClient) -> None:
    await registry.open("RQM", kind="nhs_trust")
    bodies: dict[str, dict[str, Any]] = {
        "kind": {"kind": "company"},
        "legal-status": {"legal_status": "abolished"},
        "address": {"lines": ["1 High Street"], "postcode": "HP11 1NT"},
        "legal-form": {"legal_form": "charity"},
        "remit": {"remit": "quality"},
    }
    for path, body in bodies.items():
        refused = await registry.call(
            "POST",
            f"/organisations/RQM/{path}",
            Role.REGISTRAR,
            organisations=("RWE",),
            json={**body, "effective_on": "2016-04-01"},
            headers={"If-Match": '"1"'},
            expect=403,
        )
        assert refused["type"].endswith("/not-yours-to-decide")


async def test_what_is_proposed_is_set_in_law_and_does_not_operate(registry: RegistryClient) -> None:
    body = {"code": "QHL", "name": "NHS Birmingham ICB", "kind": "icb"}
    proposed = {**body, "status": "proposed", "effective_on": "2022-04-28"}
    await registry.call("POST", "/organisations", json=proposed, expect=201)
    await registry.call("POST", "/organisations", json={**body, "effective_on": "2022-07-01"}, expect=201)
    before, after = await registry.ask("QHL", "2022-06-30"), await registry.ask("QHL", "2022-07-01")
    assert (before["status"], before["since"]) == ("proposed", "2022-04-28")
    assert (after["status"], after["since"]) == ("open", "2022-07-01")
    law = {"status": "established", "since": "2022-04-28", "last_day": None}
    assert before["legal"] == after["legal"] == law
    assert (await registry.ask("QHL", "2022-04-27"))["legal"] is None


async def test_a_body_opened_for_a_day_ahead_stands_as_proposed_until_then(registry: RegistryClient) -> None:
    await registry.move_clock("2022-05-01")
    body = {"code": "QHL", "name": "NHS Birmingham ICB", "kind": "icb"}
    await registry.call("POST", "/organisations", json={**body, "status": "proposed", "effective_on": "2022-04-28"})
    await registry.call("POST", "/organisations", json={**body, "effective_on": "2022-07-01"})
    assert (await registry.call("GET", "/organisations/QHL"))["status"] == "proposed"
    await registry.move_clock("2022-07-01")
    assert (await registry.call("GET", "/organisations/QHL"))["status"] == "open"


async def test_a_ccg_abolished_in_law_may_live_on_as_a_code(registry: RegistryClient) -> None:
    await registry.open("06A", legal_on="2013-02-01")
    body = {"legal_status": "abolished", "effective_on": "2022-07-01"}
    await registry.change("/organisations/06A/legal-status", version=1, body=body)
    last, after = await registry.ask("06A", "2022-06-30"), await registry.ask("06A", "2022-07-01")
    assert last["legal"] == {"status": "established", "since": "2013-02-01", "last_day": "2022-06-30"}
    assert after["legal"] == {"status": "abolished", "since": "2022-07-01", "last_day": None}
    assert (after["status"], after["since"], after["last_day"]) == ("open", "2013-04-01", None)
    assert isinstance((await registry.told())[-1], OrganisationLegalStatusChanged)


async def test_nothing_operates_before_it_is_established_in_law(registry: RegistryClient) -> None:
    late = a_ccg("06A", legal_on="2013-04-02")
    await registry.call("POST", "/organisations", json=late, expect=422)
    await registry.open("06A")
    body = {"legal_status": "established", "effective_on": "2013-04-02"}
    refused = await registry.change("/organisations/06A/legal-status", version=1, body=body, expect=409)
    assert refused["type"].endswith("/legal-dates-disagree")
    assert [reason["field"] for reason in refused["reasons"]] == ["effective_on"]
    proposed = an_icb("QHL", status="proposed", on="2022-04-28")
    await registry.call("POST", "/organisations", json=proposed)
    early = an_icb("QHL", on="2022-04-01")
    await registry.call("POST", "/organisations", json=early, expect=409)


async def test_no_body_is_abolished_before_it_was_or_established_again(registry: RegistryClient) -> None:
    await registry.open("06A", legal_on="2013-02-01")
    early = {"legal_status": "abolished", "effective_on": "2013-02-01"}
    await registry.change("/organisations/06A/legal-status", version=1, body=early, expect=409)
    await registry.change("/organisations/06A/legal-status", version=1, body={**early, "effective_on": "2022-07-01"})
    again = {"legal_status": "established", "effective_on": "2023-04-01"}
    refused = await registry.change("/organisations/06A/legal-status", version=2, body=again, expect=409)
    assert len(refused["reasons"]) == 2
    await registry.open("06B")
    unheard = {"legal_status": "abolished", "effective_on": "2012-04-01"}
    await registry.change("/organisations/06B/legal-status", version=1, body=unheard, expect=409)


async def test_an_address_holds_from_its_day_with_its_postcode(registry: RegistryClient) -> None:
    first = {"lines": ["Easton Street", "High Wycombe"], "postcode": "HP11 1NT"}
    await registry.open("10Y", address=first)
    moved = {"lines": ["Queensway", "Aylesbury"], "postcode": "HP19 8AL", "effective_on": "2016-10-03"}
    await registry.change("/organisations/10Y/address", version=1, body=moved)
    shown = [(await registry.ask("10Y", day))["address"] for day in ("2016-10-02", "2016-10-03")]
    assert shown == [first, {"lines": ["Queensway", "Aylesbury"], "postcode": "HP19 8AL"}]
    told = (await registry.told())[-1]
    assert isinstance(told, OrganisationMoved)
    assert told.address == "Queensway\nAylesbury\nHP19 8AL"
    wrong = {"lines": ["Queensway"], "postcode": "hp19", "effective_on": "2017-01-01"}
    await registry.change("/organisations/10Y/address", version=2, body=wrong, expect=422)
