"""S53 to S55: two CCGs vote to merge, and on the day contracts, budgets, officers and an agreement follow everywhere.

They do so also where each event comes twice, late and in disorder (S54), and answers are the same when what they are
read from was dropped and replayed (S55).
"""

import asyncio
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from deploy.kafka import Broker
from libs.common.identity import Role
from libs.common.messaging.rebuild import checksums
from libs.common.messaging.subscriptions import Projection
from libs.common.service import cli
from tests.faults.normal_form import Content, differences, read_content
from tests.support.buses import access_to
from tests.support.databases import Databases, NewDatabase, fresh_databases
from tests.support.day_one import MINUTES, PAPER, Merging, an_economy, approved, decided, ready, told
from tests.support.disorder import Disorder
from tests.support.dossiers import INTACT, verdict
from tests.support.edge import Tokens
from tests.support.gathering import gathered, steps
from tests.support.platform import Platform, running_platform, service
from tests.support.waiting import until

pytestmark = pytest.mark.xdist_group("kafka")
"""One process runs all of them: what is undisturbed is compared with what is not, on either bus."""

HEARERS = ("contracts", "finance", "governance")
SETS = [
    pytest.param(
        Merging(
            old=("10H", "10Y"),
            new="14Y",
            day=date(2018, 4, 1),
            contracts={"PAYROLL-10H": "10H", "IT-10H": "10H", "PAYROLL-10Y": "10Y"},
            lines={
                "10H": (1_204_310_55, 88_120_07, 3, 70_000_00, 9_99, 1_00),
                "10Y": (640_000_00, 15_569_38, 1, 2, 5, 8),
            },
            people=(330_000, 205_000),
            spent=(950_000_01, 410_000_02),
        ),
        id="Buckinghamshire",
    ),
    pytest.param(
        Merging(
            old=("04E", "04K"),
            new="52R",
            day=date(2020, 4, 1),
            contracts={"HR-04E": "04E", "PAYROLL-04K": "04K", "BI-04K": "04K"},
            lines={"04E": (7, 11_11, 13_13_13), "04K": (1, 333_33, 10_000_000_01, 2, 3, 5, 7, 11, 99_99)},
            people=(193_001, 398_334),
            spent=(1, 999_999_99),
        ),
        id="second set: Nottingham",
    ),
]


Shell = Callable[..., str]


@dataclass(frozen=True)
class Merged:
    """Where two CCGs have merged: who decided what, who is in the posts that both share, and when it was the eve."""

    platform: Platform
    case: Merging
    decisions: dict[str, str]
    officers: dict[str, str]
    on_the_eve: datetime
    content: Content


async def _merged(platform: Platform, case: Merging, disorder: Disorder | None = None) -> Merged:
    await an_economy(platform, case)
    decisions, officers = await decided(platform, case)
    await approved(platform, case)
    on_the_eve = datetime.now(UTC)
    if disorder is None:
        await ready(platform, case)
    else:
        await _the_day_comes_in_disorder(platform, case, disorder)
    await platform.move_clocks(case.day)
    return Merged(platform, case, decisions, officers, on_the_eve, await read_content(platform.urls))


@pytest.fixture(scope="module", params=SETS)
async def undisturbed(request: pytest.FixtureRequest, templates: Databases, tokens: Tokens) -> AsyncIterator[Merged]:
    """On the direct bus, each event delivered once and at once."""
    async with fresh_databases(templates) as new, running_platform(templates, new, tokens) as platform:
        yield await _merged(platform, request.param)


async def test_s53_an_approved_merger_carries_through_every_service_on_its_day(
    undisturbed: Merged, tmp_path: Path
) -> None:
    await _has_carried_through(undisturbed, tmp_path)


@pytest.mark.parametrize("undisturbed", SETS[:1], indirect=True)
async def test_s53_a_figure_a_contract_a_right_an_appointment_and_a_finding_lead_to_the_votes(
    undisturbed: Merged,
) -> None:
    platform, case = undisturbed.platform, undisturbed.case
    to_remake = {"kind": "right_to_remake"}
    [finding, _] = (await platform.call("GET", "governance", "/findings", params=to_remake))["items"]
    packs = {
        f"v1/allowances/{case.new}/{case.year}?as_at={case.day}": {("finance", "rca-2015-16")},
        "PAYROLL-10H": {("contracts", "exit-1-notice-2012")},
        finding["about"][0]: set[tuple[str, str]](),
        f"{case.new}/accountable-officer": set[tuple[str, str]](),
        finding["finding"]: set[tuple[str, str]](),
    }
    of_all = {("registry", "ccg-merger-s14g-2012"), ("governance", "ccg-merger-application-2013")}
    for noun, own in packs.items():
        chain = (await gathered(platform, quote(noun, safe=""))).json()
        assert {"registry CCGMerged", "governance DecisionTaken"} <= set(steps(chain)), noun
        named = {(one["service"], pack) for one in chain["parts"] for pack in one["provenance"]["rule_packs"]}
        assert own | of_all <= named, noun
        documents = [each for one in chain["parts"] for each in one["provenance"]["documents"]]
        assert {one["digest"] for one in documents if one["kind"] == "minutes"} == {MINUTES}, noun


@pytest.mark.parametrize("undisturbed", SETS[:1], indirect=True)  # S53 and S55 prove the figures of both sets
async def test_s54_events_that_come_twice_late_and_in_disorder_leave_what_an_undisturbed_run_leaves(
    undisturbed: Merged, templates: Databases, new_database: NewDatabase, tokens: Tokens
) -> None:
    disorder = Disorder()
    async with running_platform(templates, new_database, tokens, disorder=disorder) as platform:
        disturbed = await _merged(platform, undisturbed.case, disorder)
        _is_the_same(undisturbed.content, disturbed.content)
        await _each_came_twice(platform)


async def test_s55_answers_are_equal_byte_for_byte_after_every_read_model_was_dropped_and_replayed(
    undisturbed: Merged, shell: Shell
) -> None:
    logs = json.dumps(undisturbed.platform.urls)
    await _rebuilt_answers_alike(undisturbed, lambda *words: shell(*words, BUS="direct", LOG_URLS=logs))


@pytest.mark.parametrize("undisturbed", SETS[:1], indirect=True)
async def test_s53_to_s55_on_kafka(
    undisturbed: Merged,
    kafka: Broker,
    templates: Databases,
    new_database: NewDatabase,
    tokens: Tokens,
    shell: Shell,
    tmp_path: Path,
) -> None:
    access, disorder = access_to(kafka), Disorder()
    async with running_platform(templates, new_database, tokens, access, disorder) as platform:
        disturbed = await _merged(platform, undisturbed.case, disorder)
        _is_the_same(undisturbed.content, disturbed.content)
        await _each_came_twice(platform)
        await _has_carried_through(disturbed, tmp_path)
        settings = {"BUS": "kafka", "KAFKA_BOOTSTRAP": access.bootstrap, "KAFKA_TOPIC_PREFIX": access.topic_prefix}
        await _rebuilt_answers_alike(disturbed, lambda *words: shell(*words, **settings))


def _is_the_same(undisturbed: Content, disturbed: Content) -> None:
    """In every row but the one that says what the operator did."""
    [record] = differences(undisturbed, disturbed).splitlines()
    assert record.startswith("finance.write_record has")
    assert "resume_parked_key" in record


async def _each_came_twice(platform: Platform) -> None:
    for name in HEARERS:

        async def has_read_all(hearer: str = name) -> bool:
            once = "SELECT FROM consumer_offset WHERE next_offset <= 2 * source_position"
            return await platform.database(hearer).fetch(once) == []

        await until(has_read_all)


async def _numbers(platform: Platform, name: str) -> dict[str, Any]:
    numbers: dict[str, Any] = await platform.call("GET", name, "/operations/backbone", Role.OPERATOR)
    return numbers


async def _the_day_comes_in_disorder(platform: Platform, case: Merging, disorder: Disorder) -> None:
    """Contracts is down while the registry's events come late, the second half first, and finance cannot book them."""
    await platform.stop("contracts")
    before = (await _numbers(platform, "registry"))["last_position"]
    disorder.late["registry"] = range(before + 1, sys.maxsize)
    await ready(platform, case)
    moved = {"moved_to": case.day.isoformat()}
    await platform.call("PUT", "registry", "/operations/clock", Role.OPERATOR, json=moved)
    end = await _end_of_the_log(platform)
    first_half = range(before + 1, (before + end) // 2 + 1)
    assert len(first_half) > 1
    disorder.late["registry"] = first_half
    for name in ("finance", "governance"):
        await _waits(platform, name, f"Gap: position {before + 1} is missing: {first_half.stop} follows")
        assert await _behind(platform, name) == end - before
    assert await told(platform, "finance", "BudgetRestated") == []
    await _finance_parks_what_it_cannot_book(platform, case, disorder)

    disorder.late["registry"] = range(before + 1, sys.maxsize)
    await platform.start("contracts")
    assert await _behind(platform, "contracts") == end - before
    assert await told(platform, "contracts", "ContractTransferred") == []
    del disorder.late["registry"]
    await platform.caught_up()


async def _end_of_the_log(platform: Platform) -> int:
    """The registry's last position, when all that it has published is in its log and on the bus."""

    async def last() -> int:
        numbers = await _numbers(platform, "registry")
        return 0 if numbers["outbox_events"] or numbers["published_lag"] else int(numbers["last_position"])

    return await until(last)


async def _behind(platform: Platform, name: str) -> int:
    return int((await _numbers(platform, name))["consumer_lag"]["registry"])


async def _waits(platform: Platform, name: str, because: str) -> None:
    async def does() -> bool:
        return bool((await _numbers(platform, name))["dead_tasks"].get("consumer of registry") == because)

    await until(does, within=30)


async def _finance_parks_what_it_cannot_book(platform: Platform, case: Merging, disorder: Disorder) -> None:
    """It says why, and what waits behind; when an operator has removed the cause, all is booked, and once."""
    async with platform.database("finance").connect() as connection:
        await connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no line of this budget can be booked'; END $$;"
            "CREATE TRIGGER refuse BEFORE INSERT ON budget_line FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
        del disorder.late["registry"]
        await platform.caught_up()
        parked = (await platform.call("GET", "finance", "/operations/parked", Role.OPERATOR))["items"]
        assert "no line of this budget can be booked" in parked[0]["error"]
        assert (await _numbers(platform, "finance"))["parked_events"] == len(parked)
        assert await told(platform, "finance", "BudgetRestated") == []
        await connection.execute("DROP TRIGGER refuse ON budget_line; DROP FUNCTION refuse()")
    resume = {"source": "registry", "key": case.new}
    done = await platform.call("POST", "finance", "/operations/parked/resume", Role.OPERATOR, json=resume)
    assert (done["applied"], done["parked"]) == ([one["id"] for one in parked], [])
    await platform.caught_up()


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Run a command of a service as an operator does, and return what it prints."""

    def run(platform: Platform, name: str, *words: str, **settings: str) -> str:
        own = platform.tokens.settings(platform.urls[name])
        given = {"TOKEN_ISSUER": own.token_issuer, "TOKEN_AUDIENCE": own.token_audience, "JWKS_URL": own.jwks_url}
        for variable, value in {**given, "DATABASE_URL": own.database_url, **settings}.items():
            monkeypatch.setenv(variable, value)
        monkeypatch.setattr(sys, "argv", [name, *words])
        with pytest.raises(SystemExit) as ended:
            cli.run(service(name))
        said = capsys.readouterr()
        assert not ended.value.code, said.err
        return said.out

    return run


def _twenty(merged: Merged) -> list[tuple[str, str, dict[str, str]]]:
    """Five questions of each service."""
    case, old = merged.case, merged.case.old[0]
    contract, line = next(iter(case.contracts)), f"/organisations/{old}/budgets/{case.year}/lines"
    at = {"as_at": case.day.isoformat()}
    years = {"from_year": "2017-18", "to_year": case.year, "boundaries_on": case.day.isoformat()}
    return [
        ("registry", "/organisations", at | {"kind": "ccg"}),
        ("registry", f"/organisations/{old}", at),
        ("registry", f"/organisations/{old}/lineage", at),
        ("registry", f"/organisations/{old}/history", at),
        ("registry", f"/mergers/{case.merger}", {}),
        ("contracts", "/contracts", at),
        ("contracts", f"/contracts/{contract}", at),
        ("contracts", "/holdings", at | {"organisation": case.new}),
        ("contracts", "/agreements-to-remake", at | {"about": case.new}),
        ("contracts", f"/merger-previews/{case.merger}", {}),
        ("finance", line, at),
        ("finance", "/allowances", at | {"organisation": old, "year": case.year}),
        ("finance", "/series", years | {"series": "management"}),
        ("finance", "/bridges", {"organisation": case.new, "year": "2017-18", "boundaries_on": case.day.isoformat()}),
        ("finance", f"/parties/{old}/sectors", at),
        ("governance", "/bodies", at | {"organisation": old}),
        ("governance", "/appointments", at | {"organisation": old}),
        ("governance", "/decisions", at | {"organisation": old}),
        ("governance", "/actions/merger.apply/deciders", at | {"organisation": old, "value_pence": "0"}),
        ("governance", f"/mergers/{case.merger}", {}),
    ]


async def _answers(merged: Merged, now: datetime) -> list[tuple[str, int, bytes]]:
    """Who answered what: each question as known on the eve, and as known now."""
    reader, found = merged.platform.tokens.header(*Role), []
    for known in (merged.on_the_eve, now):
        for name, path, asked in _twenty(merged):
            params = {**asked, "as_known": known.isoformat()}
            answer = await merged.platform.clients[name].get(f"/v1{path}", params=params, headers=reader)
            found.append((name, answer.status_code, answer.content))
    return found


async def _rebuilt_answers_alike(merged: Merged, command: Callable[..., str]) -> None:
    platform, now = merged.platform, datetime.now(UTC)
    expected = await _answers(merged, now)
    assert len(expected) == 40
    assert {status for _, status, _ in expected} == {200}
    known = {name: await _checksums(platform, name) for name in HEARERS}
    for name in HEARERS:
        tables = ", ".join(table for one in _projections(name).values() for table in one.tables)
        async with platform.database(name).connect() as connection:
            await connection.execute(f"TRUNCATE {tables}")
    without = zip(expected, await _answers(merged, now), strict=True)
    assert {one[0] for one, other in without if one != other} == set(HEARERS), "they answer from their read models"
    for name in HEARERS:
        for projection, checksum in known[name].items():
            said = await asyncio.to_thread(command, platform, name, "rebuild", projection)
            assert f"after {checksum}" in said
    assert await _answers(merged, now) == expected


def _projections(name: str) -> Mapping[str, Projection]:
    heard = service(name).subscriptions
    return heard.projections if heard else {}


async def _checksums(platform: Platform, name: str) -> dict[str, str]:
    heard = service(name).subscriptions
    return await checksums(platform.database(name), heard) if heard else {}


async def _has_carried_through(merged: Merged, folder: Path) -> None:
    platform, case = merged.platform, merged.case
    [became] = await told(platform, "registry", "CCGMerged")
    moved = await told(platform, "contracts", "ContractTransferred")
    assert sorted((one["data"]["contract"], *one["data"]["schemes"]) for one in moved) == sorted(
        (reference, f"{case.merger}-P{case.old.index(code) + 1}") for reference, code in case.contracts.items()
    )
    restated = await told(platform, "finance", "BudgetRestated")
    released = [pence for code in case.old for pence in case.lines[code]]
    assert len(restated) == len(released) == 12
    assert sorted(one["data"]["amount_pence"] for one in restated) == sorted(released)
    assert {(one["data"]["organisation"], one["data"]["merger"]) for one in restated} == {(case.new, case.merger)}
    assert {one["causationid"] for one in (*moved, *restated)} == {became["id"]}
    await _money_reconciles(platform, case, sum(released))
    await _a_stranger_is_led_from_a_pound_to_the_votes(platform, case, restated[0], merged.decisions, became)
    chain = (await gathered(platform, moved[0]["id"])).json()
    assert {"registry TransferSchemeMade", "registry CCGMergerAgreed"} <= set(steps(chain))
    assert {"registry MergerApplied", "registry MergerApplicationDetermined"} <= set(steps(chain))

    body = await platform.call("GET", "governance", f"/bodies/{case.new}-governing-body")
    holders = {post["post"].partition("/")[2]: post["person"] for post in body["posts"]}
    assert holders == {**merged.officers, "chair": None}, "who was in both posts is appointed again, no one else"
    found = await platform.call("GET", "contracts", "/agreements-to-remake", params={"about": case.new})
    assert [(one["agreement"], one["state"]) for one in found["agreements"]] == [(case.agreement, "due")]
    for code, decision in merged.decisions.items():
        await _dossier_leads_from_minutes_to_entries(platform, case, code, decision, folder)


async def _a_stranger_is_led_from_a_pound_to_the_votes(
    platform: Platform, case: Merging, restated: dict[str, Any], decisions: dict[str, str], merged: dict[str, Any]
) -> None:
    """From the line of the successor's budget each part leads on, to the decisions and the request of each vote."""
    line = restated["data"]["line"]
    answer = await gathered(platform, line)
    chain = answer.json()
    parts = {(one["service"], one["provenance"]["id"]): one for one in chain["parts"]}
    assert parts["finance", line]["depth"] == 0
    assert ("registry", merged["id"]) in parts
    agreed = next(one for _, one in sorted(parts.items()) if one["provenance"]["told"] == "CCGMergerAgreed")
    assert agreed["provenance"]["rule_packs"] == ["ccg-merger-s14g-2012"]
    assert {"registry MergerApplied", "governance DecisionTaken"} <= set(steps(chain))
    told_of = {
        key
        for one in parts.values()
        if one["provenance"]["told"] == "DecisionTaken"
        for key in one["provenance"]["about"]
    }
    assert set(decisions.values()) <= told_of
    for code in case.old:
        await _from_the_line_to_the_vote_in_three_clicks(platform, line, case.merger, decisions[code])
    page = await gathered(platform, line, accept="text/html")
    assert 'lang="en-GB"' in page.text
    assert "width=device-width" in page.text
    assert all(f"/provenance/{one}" in page.text for one in (merged["id"], f"A-{case.new}"))
    nobody = await gathered(platform, line, organisations=("99X",))
    assert (nobody.status_code, nobody.json()["parts"], nobody.json()["complete"]) == (404, [], False)


async def _from_the_line_to_the_vote_in_three_clicks(platform: Platform, line: str, merger: str, decision: str) -> None:
    """By the links of each page and of each answer: the merger, what a body decided on it, and the vote."""

    async def follow(link: str) -> tuple[Any, str]:
        reference = link.removeprefix("/provenance/")
        answers = [await gathered(platform, reference, accept=accept) for accept in ("*/*", "text/html")]
        return answers[0].json(), answers[1].text

    def link_of(answer: Any, page: str, kind: str, **part: Any) -> str:
        """The first link of this kind that a part of the answer leads on by; the page has it too."""
        parts = [one["provenance"] for one in answer["parts"] if one["depth"] <= 1]
        shown = [one for one in parts if all(one[name] == value for name, value in part.items())]
        found = next(
            one["href"]
            for each in shown
            for one in each["because"]
            if one["kind"] == kind and (one["id"] == merger or kind == "event" or one["id"].startswith("IT-"))
        )
        assert f'href="{found}"' in page
        return str(found)

    to_merger = link_of(*await follow(f"/provenance/{line}"), "fact", told="BudgetRestated")
    answer, page = await follow(to_merger)
    [taken] = [
        one["provenance"]
        for one in answer["parts"]
        if one["provenance"]["told"] == "DecisionTaken" and decision in one["provenance"]["about"]
    ][:1]
    assert f'href="/provenance/{taken["id"]}"' in page
    to_vote = link_of(*await follow(f"/provenance/{taken['id']}"), "fact", told="DecisionTaken")
    answer, page = await follow(to_vote)
    [vote] = [one["provenance"] for one in answer["parts"] if one["depth"] == 0]
    assert decision in vote["about"]
    assert vote["text"] == "carried: 1 for, 0 against, 0 abstained, of 1"
    assert vote["text"] in page
    item = await platform.call("GET", "governance", f"/items/{vote['id']}")
    assert [one["choice"] for one in item["votes"]] == ["for"]
    [paper, minutes] = taken["documents"]
    commitment = hashlib.sha256(f"{paper['reference']}{PAPER}".encode()).hexdigest()
    assert (paper["digest"], minutes["digest"], taken["complete"]) == (commitment, MINUTES, False)
    assert "ccg-merger-application-2013" in taken["rule_packs"]
    bound = {"organisations": tuple(one for one in taken["about"] if len(one) == 3)}
    read = await platform.call("GET", "governance", f"/provenance/{taken['id']}", Role.GOVERNANCE_LEAD, **bound)
    assert (read["documents"], read["complete"]) == (taken["documents"], True), "who reads the paper sees all of it"


async def _money_reconciles(platform: Platform, case: Merging, total: int) -> None:
    """The successor has all, to the penny, and its two series differ by what the bridge says."""
    path = f"/organisations/{case.new}/budgets/{case.year}/lines"
    lines = (await platform.call("GET", "finance", path, params={"limit": 50}))["items"]
    assert sum(line["amount_pence"] for line in lines) == total
    allowance = await platform.call("GET", "finance", f"/allowances/{case.new}/{case.year}")
    [restated] = await told(platform, "finance", "AllowanceRestated")
    assert allowance["amount_pence"] == restated["data"]["amount_pence"] == sum(restated["data"]["released_pence"])
    asked = {"from_year": "2017-18", "to_year": case.year, "boundaries_on": case.day.isoformat()}
    sums = {}
    for series in ("statutory", "management"):
        shown = await platform.call("GET", "finance", "/series", params={**asked, "series": series})
        sums[series] = {
            (row["organisation"], row["amount"]) for row in shown["items"] if row["financial_year"] == "2017-18"
        }
    assert sums == {
        "statutory": set(zip(case.old, case.spent, strict=True)),
        "management": {(case.new, sum(case.spent))},
    }
    of = {"organisation": case.new, "year": "2017-18", "boundaries_on": case.day.isoformat()}
    bridge = await platform.call("GET", "finance", "/bridges", params=of)
    assert (bridge["statutory"], bridge["management"]) == (0, sum(case.spent))
    assert sorted((line["kind"], line["body"], line["amount"]) for line in bridge["lines"]) == sorted(
        ("merger", code, pence) for code, pence in zip(case.old, case.spent, strict=True)
    )


async def _dossier_leads_from_minutes_to_entries(
    platform: Platform, case: Merging, code: str, decision: str, folder: Path
) -> None:
    """The successor reads what each body decided, and what came of it; the export verifies."""
    path = f"/decisions/{decision}/dossier"
    state = await platform.call("GET", "governance", path, Role.GOVERNANCE_LEAD, organisations=(case.new,))
    assert (state["state"], state["missing"]) == ("sealed", [])
    reader = platform.tokens.header(Role.GOVERNANCE_LEAD, organisations=(case.new,))
    archive = (await platform.clients["governance"].get(f"/v1{path}.zip", headers=reader)).content
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        entries = [json.loads(line) for line in files.read("entries.jsonl").splitlines()]
        head = files.read("hashes.txt").split()[-1].decode()
    assert verdict(folder, archive, head) == INTACT
    of_kind: dict[str, list[Any]] = {}
    for entry in entries:
        of_kind.setdefault(entry["kind"], []).append(entry)
    paper = of_kind["paper"][0]["fields"]
    assert paper["commitment"] == hashlib.sha256(f"{paper['paper']}{PAPER}".encode()).hexdigest()
    assert of_kind["minutes"][0]["fields"]["sha256"] == MINUTES
    assert of_kind["authority"][0]["fields"]["answer"][code]["power"] == "ccg-merger-application-2013"
    assert [one["fields"]["merger"] for one in of_kind["CCGMerged"]] == [case.merger]
    assert {one["fields"]["contract"] for one in of_kind["ContractTransferred"]} == set(case.contracts)
    published = {f"event:{one['id']}" for one in await told(platform, "finance", "BudgetRestated")}
    assert {one["key"] for one in of_kind["BudgetRestated"]} == published
    assert {one["fields"]["agreement"] for one in of_kind["AgreementToRemake"]} == {case.agreement}
