"""What is new of many bodies from one day is stated at once: all of it, or nothing."""

from collections import Counter
from typing import Any

from libs.common.events.registry import OrganisationParentChanged, PopulationPublished
from libs.common.identity import Role
from tests.support.registry_client import RegistryClient

BY_LAW = "2022-07-01"


async def revise(registry: RegistryClient, on: str, *organisations: dict[str, Any], expect: int = 200) -> Any:
    """State what is new of these organisations from a day."""
    body = {"effective_on": on, "organisations": organisations}
    return await registry.call("POST", "/organisations/revisions", json=body, expect=expect)


async def test_stps_become_boards_in_one_request_with_all_that_is_new_of_them(registry: RegistryClient) -> None:
    await registry.open("QU9", "QRL", kind="stp", on="2016-03-15")
    await registry.open("Y59", kind="nhs_england_region", on="2018-04-01")
    await registry.open("14Y", on="2018-04-01")
    new = {"kind": "icb", "legal_status": "established", "parent": "Y59", "region": "Y59"}
    codes = [{"system": "ons", "identifier": "E54000044"}]
    people = [{"basis": "registered", "people": 1_900_000, "source": "nhse:lists"}]
    done = await revise(
        registry,
        BY_LAW,
        {"code": "QU9", "new_name": "NHS Buckinghamshire ICB", **new, "identifiers": codes, "populations": people},
        {"code": "QRL", "new_name": "NHS Hampshire ICB", **new},
        {"code": "14Y", "icb": "QU9"},
    )
    assert [(one["code"], one["version"]) for one in done["organisations"]] == [("QU9", 2), ("QRL", 2), ("14Y", 2)]
    board = await registry.ask("QU9", BY_LAW)
    assert (board["name"], board["kind"], board["parent"]) == ("NHS Buckinghamshire ICB", "icb", "Y59")
    assert (board["legal"]["status"], board["identifiers"][0]["identifier"]) == ("established", "E54000044")
    assert (await registry.ask("QU9", "2022-06-30"))["kind"] == "stp"
    counted = await registry.call("GET", "/organisations/QU9/populations", params={"as_at": BY_LAW})
    assert [(one["people"], one["basis"]) for one in counted["populations"]] == [(1_900_000, "registered")]
    told = await registry.told()
    relations = Counter(event.relation for event in told if isinstance(event, OrganisationParentChanged))
    assert relations == {"part of": 2, "in region": 2, "in ICB": 1}
    assert [event.source for event in told if isinstance(event, PopulationPublished)] == ["nhse:lists"]


async def test_one_wrong_line_refuses_all_and_every_reason_is_named(registry: RegistryClient) -> None:
    await registry.open("10H", "10Y", "10Q")
    code = {"system": "ons", "identifier": "E38000010"}
    await revise(registry, "2013-04-01", {"code": "10H", "identifiers": [code]})
    before = len(await registry.told())
    refused = await revise(
        registry,
        "2014-04-01",
        {"code": "10H", "new_name": "NHS 10H"},
        {
            "code": "10Y",
            "identifiers": [code],
            "populations": [
                {"basis": "registered", "people": 1, "source": "who:x"},
                {"basis": "registered", "people": 1, "local_authority": "10Q"},
            ],
        },
        {"code": "10Q", "legal_status": "established"},
        expect=409,
    )
    assert refused["type"].endswith("/revisions-not-allowed")
    messages = " | ".join(reason["message"] for reason in refused["reasons"])
    for part in (
        "E38000010 of ons names 10H",
        "the family who",
        "10Q is no local authority",
        "10Q operates from 2013-04-01",
    ):
        assert part in messages
    assert len(await registry.told()) == before
    assert (await registry.ask("10H", "2014-04-01"))["name"] != "NHS 10H"


async def test_what_is_known_already_or_of_a_body_that_is_not_there_is_refused(registry: RegistryClient) -> None:
    await registry.open("10H", "10Y")
    await registry.open("Y57", kind="nhs_england_region")
    await revise(registry, "2013-04-01", {"code": "10H", "region": "Y57"})
    refused = await revise(
        registry, "2013-05-01", {"code": "10H", "region": "Y57"}, {"code": "10Y", "new_name": "N"}, expect=409
    )
    assert [reason["message"] for reason in refused["reasons"]] == [
        "10H: its region on 2013-05-01 is known to be 'Y57'"
    ]
    closed = {"effective_on": "2015-04-01"}
    await registry.change("/organisations/10Y/closure", version=1, body=closed)
    refused = await revise(
        registry, "2016-04-01", {"code": "10Y", "new_name": "N"}, {"code": "10Y", "region": "Y57"}, expect=409
    )
    assert {reason["message"] for reason in refused["reasons"]} == {
        "10Y occurs 2 times",
        "10Y is closed on 2016-04-01",
    }
    missing = await revise(registry, "2016-04-01", {"code": "10H", "icb": "QU9"}, expect=404)
    assert "QU9" in missing["detail"]


async def test_a_value_that_is_put_in_late_ends_where_the_next_begins(registry: RegistryClient) -> None:
    await registry.open("01H")
    await revise(registry, "2017-04-01", {"code": "01H", "new_name": "NHS North Cumbria CCG"})
    await revise(registry, "2015-04-01", {"code": "01H", "new_name": "NHS Cumbria CCG"})
    names = [(await registry.ask("01H", day))["name"] for day in ("2015-04-01", "2017-03-31", "2017-04-01")]
    assert names == ["NHS Cumbria CCG", "NHS Cumbria CCG", "NHS North Cumbria CCG"]


async def test_a_practice_stays_in_exactly_one_commissioner(registry: RegistryClient) -> None:
    await registry.open("06H", "10H")
    await registry.open("QUE", kind="stp")
    await registry.open("D81001", kind="gp_practice", parent="06H")
    refused = await revise(registry, "2014-04-01", {"code": "D81001", "parent": "QUE"}, expect=409)
    assert "D81001 would be in none" in refused["reasons"][0]["message"]
    await revise(registry, "2014-04-01", {"code": "D81001", "parent": "10H"})
    assert (await registry.ask("D81001", "2014-04-01"))["parent"] == "10H"
    for missing in ("10H", "06H", "D81001"):
        acting = tuple({"10H", "06H", "D81001"} - {missing})
        answer = await registry.send(
            "POST",
            "/organisations/revisions",
            Role.REGISTRAR,
            organisations=acting,
            json={"effective_on": "2013-06-01", "organisations": [{"code": "D81001", "parent": "10H"}]},
        )
        assert (answer.status_code, missing in answer.json()["detail"]) == (403, True)
