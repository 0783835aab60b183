"""S50: gifts and hospitality by the thresholds of the day, at their boundaries, and added up by source."""

from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.support.builders import a_ccg
from tests.support.platform import Platform

CCG = "05T"
PACK = "gifts-2017"
Offer = tuple[str, str, bool, int, str, bool]

# Kind, giver, promotional, pounds in pence; then what becomes of it, and whether it is declared.
AS_WRITTEN: list[Offer] = [
    ("gift", "supplier", True, 600, "keep", False),
    ("gift", "supplier", False, 700, "decline", False),
    ("gift", "other", False, 4900, "keep", False),
    ("gift", "other", False, 5100, "organisation_only", True),
    ("cash", "other", False, 500, "decline", False),
    ("hospitality", "supplier", False, 2400, "accept", False),
    ("hospitality", "supplier", False, 5000, "accept", True),
    ("hospitality", "supplier", False, 7600, "refuse_unless_approved", True),
]
AT_THE_BOUNDARIES: list[Offer] = [
    ("gift", "supplier", True, 601, "decline", False),
    ("gift", "supplier", False, 1, "decline", False),
    ("gift", "other", False, 4999, "keep", False),
    ("gift", "other", False, 5000, "organisation_only", True),
    ("cash", "supplier", False, 1, "decline", False),
    ("hospitality", "other", False, 2499, "accept", False),
    ("hospitality", "other", False, 2500, "accept", True),
    ("hospitality", "other", False, 7500, "accept", True),
    ("hospitality", "other", False, 7501, "refuse_unless_approved", True),
]


async def ask(platform: Platform, method: str, path: str, expect: int = 201, version: int = 0, **body: Any) -> Any:
    """As the governance lead of the CCG."""
    headers = {"If-Match": f'"{version}"'} if version else {}
    lead = (Role.GOVERNANCE_LEAD,)
    return await platform.call(
        method, "governance", path, *lead, organisations=(CCG,), expect=expect, json=body, headers=headers
    )


async def shown(platform: Platform, role: Role, **asked: str) -> list[dict[str, Any]]:
    """What the register shows a caller of the CCG."""
    headers = platform.tokens.header(role, organisations=(CCG,))
    answer = await platform.clients["governance"].get("/v1/gifts", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_s50_gifts_and_hospitality_by_thresholds(platform: Platform) -> None:
    await platform.move_clocks(date(2016, 1, 4))
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=a_ccg(CCG))
    await platform.caught_up()
    await ask(platform, "POST", "/bodies", organisation=CCG, first_day="2016-01-04", posts=[{"title": "Chair"}])
    persons = []
    for post in ("chair", "accountable-officer"):
        name = f"Dr Vesalius {post}"
        persons.append((await ask(platform, "POST", "/people", organisation=CCG, display_name=name))["person"])
        held: dict[str, Any] = {"post": f"{CCG}/{post}", "person": persons[-1], "first_day": "2016-01-04"}
        await ask(platform, "POST", "/appointments", **held)
    await platform.move_clocks(date(2018, 3, 1))

    async def declare(person: str, kind: str, by: str, promotional: bool, pence: int, **more: Any) -> Any:
        given: dict[str, Any] = {"organisation": CCG, "person": person, "kind": kind, "giver_kind": by}
        given |= {"value_pence": pence, "promotional": promotional, "offered_on": "2018-02-28", "response": "accepted"}
        given |= more
        return await ask(platform, "POST", "/gifts", **given)

    for person, offers in zip(persons, (AS_WRITTEN, AT_THE_BOUNDARIES), strict=True):
        for kind, giver, promotional, pence, outcome, declared in offers:
            offer = (kind, giver, promotional, pence)
            answer = await declare(person, *offer)
            assert (answer["outcome"], answer["declare"]) == (outcome, declared), offer
            assert answer["in_line"] == (outcome in {"keep", "accept"}), offer
            assert answer["packs"] == [PACK, "interests-2017"]
    approved = {"approved_by": f"{CCG}/accountable-officer"}
    assert (await declare(persons[0], "hospitality", "supplier", False, 7600, **approved))["in_line"] is True
    own: dict[str, Any] = {
        "organisation": CCG,
        "person": persons[1],
        "kind": "hospitality",
        "giver_kind": "supplier",
    } | approved
    own |= {"value_pence": 7600, "offered_on": "2018-02-28", "response": "accepted"}
    refused = await ask(platform, "POST", "/gifts", 409, **own)
    assert refused["type"].endswith("/gift-approved-by-its-receiver")
    assert (await declare(persons[0], "gift", "other", False, 5100, response="accepted_for_organisation"))["in_line"]
    early = {"offered_on": "2016-06-27"}
    unknown = await declare(persons[0], "gift", "supplier", False, 700, **early)
    assert (unknown["outcome"], unknown["in_line"], unknown["packs"]) == (None, None, ["interests-2014"])
    for pence, outcome in ((2500, "accept"), (2501, "not_modest")):
        older = await declare(persons[0], "hospitality", "other", False, pence, offered_on="2016-06-28")
        assert (older["outcome"], older["packs"]) == (outcome, ["gifts-2016", "interests-2016"])
    pen = await declare(persons[0], "gift", "supplier", True, 600, offered_on="2017-06-15")
    assert (pen["outcome"], pen["packs"][0]) == ("decline", "gifts-2016")

    # Of one source within 12 months, whatever the order in which they are declared; the entry is corrected by another.
    source = {"giver": "P-patient"}
    late = await declare(persons[1], "gift", "other", False, 3000, **source, words="Port")
    assert (late["outcome"], late["total_pence"]) == ("keep", 3000)
    before = [
        await declare(persons[1], "gift", "other", False, 2000, **source, offered_on=day, words="Sherry")
        for day in ("2017-02-28", "2017-07-01")
    ]
    again = await platform.call(
        "GET", "governance", f"/gifts/{late['gift']}", Role.GOVERNANCE_LEAD, organisations=(CCG,), expect=200
    )
    assert (again["outcome"], again["total_pence"]) == ("organisation_only", 5000)
    assert (again["added_up"], again["in_line"], again["words"]) == ([before[1]["gift"]], False, "Port")
    corrected = await declare(
        persons[1], "gift", "other", False, 1999, **source, offered_on="2017-07-01", replaces=before[1]["gift"]
    )
    again = await platform.call(
        "GET", "governance", f"/gifts/{late['gift']}", Role.GOVERNANCE_LEAD, organisations=(CCG,), expect=200
    )
    assert (again["outcome"], again["added_up"]) == ("keep", [corrected["gift"]])
    twice = {"organisation": CCG, "person": persons[1], "kind": "gift", "giver_kind": "other", "value_pence": 1}
    twice |= {"offered_on": "2018-03-02", "response": "declined", "replaces": before[1]["gift"], "approved_by": "05T/x"}
    refused = await ask(platform, "POST", "/gifts", 409, **twice)
    assert {one["field"] for one in refused["reasons"]} == {"offered_on", "approved_by", "replaces"}

    # Everybody reads what has to be declared, to the corresponding day six months on; six years on it may be purged.
    public = await shown(platform, Role.PARTNER)
    assert len(public) == 9
    assert {(one["declare"], one["total_pence"], one["in_line"], one["words"]) for one in public} == {
        (True, None, None, None)
    }
    assert len(await shown(platform, Role.GOVERNANCE_LEAD)) == 26
    assert len(await shown(platform, Role.PARTNER, as_at="2018-08-28")) == 9
    assert await shown(platform, Role.PARTNER, as_at="2018-08-29") == []
    purge = f"/gifts/{late['gift']}/purge"
    await platform.move_clocks(date(2024, 2, 28))
    kept = await ask(platform, "POST", purge, 409, version=1)
    assert kept["type"].endswith("/retention-not-over")
    await platform.move_clocks(date(2024, 2, 29))
    await ask(platform, "POST", purge, 204, version=1)
    await ask(platform, "POST", f"/gifts/{corrected['gift']}/purge", 204, version=1)
    left = await platform.database("governance").fetch(
        "SELECT reference, purged_on IS NULL AS kept, words FROM gift LEFT JOIN gift_words ON gift_id = gift.id"
        " WHERE reference = ANY($1) ORDER BY gift.id",
        [late["gift"], *(one["gift"] for one in before), corrected["gift"]],
    )
    assert [(row["kept"], row["words"]) for row in left] == [
        (False, None),
        (True, "Sherry"),
        (False, None),
        (False, None),
    ]
