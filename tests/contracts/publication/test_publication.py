"""A published contract's history as releases that are never changed, and records that are what they say together."""

import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import date
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from ocdsmerge.rules import get_merge_rules

from libs.common.events.registry import OrganisationSucceeded, SuccessionUndone
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from services.contracts.publication import api
from services.contracts.publication.queries import published_contract
from services.contracts.publication.records import MERGE_RULES
from tests.contracts.publication.fold import folded
from tests.contracts.transfers.test_schemes import a_scheme
from tests.support.apps import running_service
from tests.support.contracts_harness import ContractsHarness, a_draft, at, bucks_merges
from tests.support.edge import Tokens

REFERENCE = "CSU-BUCKS-2017"
OCID = f"ocds-000000-{REFERENCE}"
STANDARD = Path(__file__).parents[4] / "shared/data/ocds-standard-1.1.5/ocds-standard-1__1__5.zip"
EXTENSION = Path(api.__file__).parent / "extension"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def extension() -> Iterator[str]:
    """The extension's files, served on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(EXTENSION))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/extension.json"
        server.shutdown()


@pytest.fixture(scope="module")
def standard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The standard's zip, with the schema of versioned releases inside that of records.

    libcoveocds 0.17 fetches that one, where it works out which fields are additional.
    """
    if not STANDARD.exists():
        pytest.skip("../shared/data is absent")
    file, folder = tmp_path_factory.mktemp("standard") / "standard.zip", "standard-1__1__5/schema"
    with zipfile.ZipFile(STANDARD) as old, zipfile.ZipFile(file, "w") as new:
        record = json.loads(old.read(f"{folder}/record-package-schema.json"))
        inner = json.loads(old.read(f"{folder}/versioned-release-validation-schema.json"))
        record["definitions"] |= inner.pop("definitions")
        record["definitions"]["record"]["properties"]["versionedRelease"] = {"type": "object"} | {
            name: value for name, value in inner.items() if name not in ("id", "$schema")
        }
        for name in old.namelist():
            is_record = name.endswith("/record-package-schema.json")
            new.writestr(name, json.dumps(record) if is_record else old.read(name))
    return file


def conforms(package: dict[str, Any], extension: str, standard: Path, folder: Path) -> None:
    """Let libcoveocds, as a program without a network, say whether a package keeps to the standard."""
    file = folder / "package.json"
    file.write_text(json.dumps(package | {"extensions": [extension]}))
    program = Path(sys.executable).with_name("libcoveocds")
    asked: list[str | Path] = [program, "--standard-zip", standard, "--output-dir", folder / "out", "--delete", file]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["version_used"] == "1.1"
    assert said["validation_errors"] == []
    extensions = said["extensions"]
    assert (extensions["is_extended_schema"], extensions["invalid_extension"]) == (True, {})
    assert said.get("data_only", []) == []
    assert [name for name in said if name.startswith("additional_closed_codelist") and said[name]] == []


@pytest.fixture
async def client(harness: ContractsHarness, url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service with a contract that was signed, moved by a merger and to another supplier; no token."""
    stated = {"value_basis": "stated", "value_source": "Contract"}
    await harness.signed(a_draft(supplier_signs=False, **stated))
    await harness.hear(bucks_merges())
    day = date(2018, 7, 1)
    await harness.hear(OrganisationSucceeded(code="0CX", successor="0EX", effective_on=day, stated_at=at(day, 0)))
    async with running_service("contracts", tokens.settings(url), DirectBus({"registry": url})) as (_, client):
        await move_to(client, tokens, date(2018, 11, 1))
        yield client


async def move_to(client: httpx.AsyncClient, tokens: Tokens, day: date) -> None:
    moved = await client.put(
        "/v1/operations/clock", json={"moved_to": day.isoformat()}, headers=tokens.header(Role.OPERATOR)
    )
    assert moved.status_code == 200, moved.text


async def read(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await client.get(path, params=params or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def publish(
    client: httpx.AsyncClient, tokens: Tokens, by: str = "14Y", status: int = 201, reference: str = REFERENCE
) -> Any:
    lead = tokens.header(Role.CONTRACT_LEAD, organisations=(by,))
    answer = await client.post(f"/v1/contracts/{reference}/publication", headers=lead)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_history_is_published_once_and_an_end_only_when_it_has_come(
    client: httpx.AsyncClient,
    tokens: Tokens,
    harness: ContractsHarness,
    extension: str,
    standard: Path,
    tmp_path: Path,
) -> None:
    assert (await read(client, "/v1/ocds/releases"))["releases"] == []
    for stranger, status in (("05C", 404), ("10H", 404), ("0EX", 403)):
        await publish(client, tokens, stranger, status)
    done = await publish(client, tokens)
    assert done == {"reference": REFERENCE, "ocid": OCID, "published_on": "2018-11-01", "releases": 4}
    assert (await publish(client, tokens))["releases"] == 4

    package = await read(client, "/v1/ocds/releases")
    signed, begun, merged, succeeded = package["releases"]
    tags = [one["tag"] for one in package["releases"]]
    assert tags == [["award", "contract"], ["contractUpdate"], ["contractUpdate"], ["contractUpdate"]]
    assert [one["contracts"][0]["status"] for one in package["releases"]] == ["pending", "active", "active", "active"]
    assert [one["date"][:10] for one in (signed, begun)] == ["2017-02-01", "2017-04-01"]
    [moved] = merged["contracts"][0]["partyChanges"]
    assert (moved["kind"], moved["to"]["id"], [one["id"] for one in moved["from"]]) == (
        "succession",
        "GB-NHS-14Y",
        ["GB-NHS-10H", "GB-NHS-10Y"],
    )
    roles = {one["id"]: one["roles"] for one in succeeded["parties"]}
    assert roles == {
        "GB-NHS-10H": ["formerBuyer"],
        "GB-NHS-10Y": ["formerBuyer"],
        "GB-NHS-14Y": ["buyer"],
        "GB-NHS-0CX": ["formerSupplier"],
        "GB-NHS-0EX": ["supplier"],
    }
    assert signed["contracts"][0]["items"][0]["unit"]["value"] == {"amount": 50_000.01, "currency": "GBP"}

    # A scheme that becomes known after the merger by which the customer changed.
    await harness.hear(a_scheme("P-1", "10H", "10Y", stated=at(date(2018, 10, 31))))
    await move_to(client, tokens, date(2018, 11, 2))
    named = (await read(client, f"/v1/ocds/records/{OCID}"))["records"][0]["releases"][4:]
    changes = [one["contracts"][0]["partyChanges"][0] for one in named]
    assert [(one["kind"], one["schemes"]) for one in changes] == [("scheme", ["P-1"])]

    lead = tokens.header(Role.CONTRACT_LEAD, organisations=("14Y",))
    version = (await client.get(f"/v1/contracts/{REFERENCE}", headers=lead)).headers["ETag"]
    served = await client.post(
        f"/v1/contracts/{REFERENCE}/notices",
        json={"reason": "in_house", "last_day": "2019-06-30"},
        headers=lead | {"If-Match": version},
    )
    assert served.status_code == 201, served.text
    # Work that is done up to an earlier day takes nothing back.
    earlier = {"up_to": "2018-01-01"}
    done = await client.post("/v1/operations/due-work", json=earlier, headers=tokens.header(Role.OPERATOR))
    assert done.status_code == 200, done.text
    assert (await read(client, "/v1/ocds/releases"))["releases"] == [*package["releases"], *named]
    await move_to(client, tokens, date(2019, 6, 30))
    await publish(client, tokens)
    record = (await read(client, f"/v1/ocds/records/{OCID}"))["records"][0]
    assert "2019-06-30" not in json.dumps(record)
    assert record["releases"][:4] == package["releases"]
    [contract] = record["compiledRelease"]["contracts"]
    assert (contract["period"]["endDate"], "noticesServed" in contract) == ("2020-03-31T23:59:59Z", False)

    await move_to(client, tokens, date(2019, 7, 2))
    ended = await read(client, f"/v1/ocds/records/{OCID}")
    last = ended["records"][0]["releases"][-1]
    [contract] = last["contracts"]
    assert (last["tag"], contract["status"], contract["endedAs"]) == (
        ["contractTermination"],
        "terminated",
        "insourced",
    )
    assert contract["period"]["endDate"] == "2019-06-30T23:59:59Z"
    assert [one["servedBy"]["id"] for one in contract["noticesServed"]] == ["GB-NHS-14Y"]
    assert ended["records"][0]["releases"][:4] == package["releases"]
    compiled = ended["records"][0]["compiledRelease"]
    assert compiled == folded(ended["records"][0]["releases"])
    conforms(ended, extension, standard, tmp_path)
    conforms(await read(client, "/v1/ocds/releases"), extension, standard, tmp_path)
    assert (await client.get("/v1/ocds/records/ocds-000000-NEVER-2017")).status_code == 404


async def novate(client: httpx.AsyncClient, tokens: Tokens) -> None:
    """Amend the contract from December 2018, and novate it to 0DJ from January."""

    async def act(path: str, by: str = "14Y", **body: Any) -> None:
        lead = tokens.header(Role.CONTRACT_LEAD, organisations=(by,))
        contract = f"/v1/contracts/{REFERENCE}"
        match = {"If-Match": (await client.get(contract, headers=lead)).headers["ETag"]} if by == "14Y" else {}
        answer = await client.post(f"{contract}/{path}", json=body, headers=lead | match)
        assert answer.status_code == 201, answer.text

    lines = [{"function": "payroll", "annual_pence": 110_000_00}]
    amended: dict[str, Any] = {"lines": lines, "rationale": "A practice more", "grounds": "review_clause"}
    await act("amendments", effective_on="2018-12-01", **amended)
    change = {"into": "CSU-BUCKS-2019", "role": "supplier", "leaving": "0EX", "entering": "0DJ"}
    await act("novation", takes_effect_on="2019-01-01", **change)
    for party in ("0EX", "0DJ"):
        await act("novation/consents", party)
    await act("novation/completion")


async def test_the_process_of_a_novated_contract_goes_on_under_its_ocid(
    client: httpx.AsyncClient, tokens: Tokens, extension: str, standard: Path, tmp_path: Path
) -> None:
    await publish(client, tokens)
    await novate(client, tokens)
    done = await publish(client, tokens, reference="CSU-BUCKS-2019")
    assert (done["ocid"], done["releases"]) == (OCID, 1)
    await move_to(client, tokens, date(2019, 1, 1))
    package = await read(client, f"/v1/ocds/records/{OCID}")
    [record] = package["records"]
    by_contract: dict[str, list[Any]] = {REFERENCE: [], "CSU-BUCKS-2019": []}
    for one in record["releases"]:
        by_contract[one["contracts"][0]["id"]].append(one)
    [*_, amended, ended], [agreed, begun] = by_contract.values()
    assert (amended["tag"], [one["quantity"] for one in amended["contracts"][0]["items"]]) == (
        ["contractAmendment"],
        [0, 1],
    )
    assert (ended["tag"], ended["contracts"][0]["endedAs"]) == (["contractTermination"], "novated")
    # Before its day the change of supplier is to come.
    assert (agreed["contracts"][0]["continues"], "partyChanges" in agreed["contracts"][0]) == (REFERENCE, False)
    [change] = begun["contracts"][0]["partyChanges"]
    assert (change["kind"], change["to"]["id"], change["effectiveDate"]) == (
        "novation",
        "GB-NHS-0DJ",
        "2019-01-01T00:00:00Z",
    )
    compiled = record["compiledRelease"]
    roles = {one["id"]: one["roles"] for one in compiled["parties"]}
    assert (roles["GB-NHS-0EX"], roles["GB-NHS-0DJ"]) == (["formerSupplier"], ["supplier"])
    assert [(one["id"], one["status"]) for one in compiled["contracts"]] == [
        (REFERENCE, "terminated"),
        ("CSU-BUCKS-2019", "active"),
    ]
    assert compiled == folded(record["releases"])
    conforms(package, extension, standard, tmp_path)


async def test_a_contract_that_is_published_after_the_one_that_took_its_place_changes_no_party_of_the_process(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    await novate(client, tokens)
    await move_to(client, tokens, date(2019, 1, 1))
    await publish(client, tokens, reference="CSU-BUCKS-2019")
    before = (await read(client, f"/v1/ocds/records/{OCID}"))["records"][0]["compiledRelease"]
    await publish(client, tokens)
    [record] = (await read(client, f"/v1/ocds/records/{OCID}"))["records"]
    assert record["releases"][-1]["contracts"][0]["id"] == REFERENCE
    compiled = record["compiledRelease"]
    assert compiled["buyer"] == before["buyer"]
    now, then = ({one["id"]: one["roles"] for one in each["parties"]} for each in (compiled, before))
    assert {id_: roles for id_, roles in now.items() if id_ in then} == then
    # What only the earlier contract knows are those who had left it before.
    left = {id_: roles for id_, roles in now.items() if id_ not in then}
    assert left == {
        "GB-NHS-0CX": ["formerSupplier"],
        "GB-NHS-10H": ["formerBuyer"],
        "GB-NHS-10Y": ["formerBuyer"],
    }
    assert [(one["id"], one["status"]) for one in compiled["contracts"]] == [
        ("CSU-BUCKS-2019", "active"),
        (REFERENCE, "terminated"),
    ]


async def test_no_change_of_a_draft_is_published_and_a_merger_is_one_change_however_often_it_is_stated(
    harness: ContractsHarness,
) -> None:
    later = await harness.draft(a_draft(reference="CSU-BUCKS-2018", starts_on=date(2018, 11, 1)))
    signed = await harness.signed()
    await harness.hear(bucks_merges())
    day = date(2018, 4, 1)
    wrong = [
        SuccessionUndone(code=code, successor="14Y", effective_on=day, stated_at=at(date(2018, 9, 1)))
        for code in ("10H", "10Y")
    ]
    await harness.hear(*wrong)
    await harness.hear(bucks_merges(stated=at(date(2018, 9, 10))))
    await harness.sign(later, on=date(2018, 10, 1))
    found, asked = {}, date(2018, 12, 1)
    for one in (signed, later):
        published = await published_contract(harness.database, one, as_at=asked, as_known=at(asked))
        assert published is not None
        left = [[body.code for body in change.leaving] for change in published.changes if change.entering.code == "14Y"]
        found[one] = left
    assert found == {signed: [["10H", "10Y"]], later: []}


async def test_the_feed_is_paged_and_of_one_customer(client: httpx.AsyncClient, tokens: Tokens) -> None:
    await publish(client, tokens)
    whole = (await read(client, "/v1/ocds/releases"))["releases"]
    first = await read(client, "/v1/ocds/releases", limit=3)
    rest = await read(client, first["links"]["next"])
    assert ([*first["releases"], *rest["releases"]], "links" in rest) == (whole, False)
    of_14y = (await read(client, "/v1/ocds/releases", customer="14Y"))["releases"]
    assert of_14y == whole[2:]
    assert (await read(client, "/v1/ocds/releases", customer="05C"))["releases"] == []
    assert (await read(client, "/v1/ocds/releases", as_known="2018-10-31"))["releases"] == []
    for file in ("extension.json", "release-schema.json", "codelists/+partyRole.csv"):
        assert (await client.get(f"/v1/ocds/extension/{file}")).content == (EXTENSION / file).read_bytes()
    assert (await client.get("/v1/ocds/extension/../api.py")).status_code == 404


def test_the_merge_rules_are_those_of_the_standard() -> None:
    if not STANDARD.exists():
        pytest.skip("../shared/data is absent")
    with zipfile.ZipFile(STANDARD) as standard:
        schema = json.loads(standard.read("standard-1__1__5/schema/release-schema.json"))
    assert (get_merge_rules(schema), len(MERGE_RULES)) == (MERGE_RULES, 24)
