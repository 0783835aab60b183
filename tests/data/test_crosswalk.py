"""Lineage, crosswalks, restatements and conflicts on the real ODS files."""

import csv
import gzip
import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from libs.common.database.connection import Database
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.organisations.statements import Facet
from services.registry.core import queries as answers
from services.registry.core.kinds import Kind
from services.registry.crosswalks.mapping import DayPair
from services.registry.crosswalks.restatement import Figure, restate_figures
from services.registry.crosswalks.tables import CrosswalkFilter, lines
from services.registry.evidence.conflicts import Conflict, ConflictFilter, conflicts
from services.registry.lineage.queries import lineage_of, steps_from
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.lineage import resolve
from tests.support.registry_client import RegistryClient

TODAY = date(2026, 1, 1)
APRIL_2019 = date(2019, 4, 1)
WHOLE = Fraction(1)


async def test_chains_end_in_the_living_body_with_all_of_each(whole: Database, shared: Path) -> None:
    expected = json.loads((shared / "expected-values.json").read_text())
    chains = expected["two_step_chains"]
    assert [chain[-1] for chain in chains] == ["D4U1Y"] * 3
    now = await resolve(whole, [chain[0] for chain in chains], TODAY)
    assert now == {first: ((last, WHOLE),) for first, _, last in chains}
    between = await resolve(whole, [chain[0] for chain in chains], date(2020, 4, 1))
    assert between == {first: ((middle, WHOLE),) for first, middle, _ in chains}
    found = await lineage_of(whole, "10G", as_at=TODAY)
    assert [(step.successor, step.share, step.distance) for step in found.after] == [("15D", "1", 1), ("D4U1Y", "1", 2)]


async def test_the_graph_of_april_2019_has_221_bodies_30_successions_and_191_trees(
    whole: Database, shared: Path
) -> None:
    expected = json.loads((shared / "expected-values.json").read_text())["graph_2019-04-01"]
    found = await answers.list_organisations(
        whole, answers.OrganisationFilter(Kind.CCG, "open"), as_at=APRIL_2019, as_known=None, after=None, limit=500
    )
    alive = {one.code for one in found}
    ccgs = {
        row["code"]
        for row in await whole.fetch(
            "SELECT o.code FROM organisation o JOIN organisation_belief b ON b.subject_id = o.id"
            " WHERE b.facet = 4 AND b.value = 'ccg' AND upper_inf(b.known)"
        )
    }
    ends = await resolve(whole, ccgs, APRIL_2019)
    steps = [step for step in await steps_from(whole, ccgs, APRIL_2019) if step.successor in ccgs]
    nodes = alive | {step.code for step in steps}
    assert {"nodes": len(nodes), "edges": len(steps), "trees": len(alive)} == expected
    assert {end for code in nodes for end, _ in ends[code]} == alive
    assert {share for code in nodes for _, share in ends[code]} == {WHOLE}


async def test_the_split_of_pennine_acute_states_no_share(whole: Database) -> None:
    assert await resolve(whole, ["RW6"], TODAY) == {"RW6": (("R0A", None), ("RM3", None))}


async def test_every_code_of_the_succession_file_resolves_and_no_end_is_invented(whole: Database) -> None:
    followed = {row["code"] for row in await whole.fetch("SELECT DISTINCT code FROM succession")}
    assert len(followed) == 24_805
    found = await resolve(whole, followed, TODAY)
    assert all(ends for ends in found.values())
    onto: dict[str, set[str]] = defaultdict(set)
    for row in await whole.fetch("SELECT code, successor FROM succession WHERE code <> successor"):
        onto[row["code"]].add(row["successor"])
    several = {code for code, successors in onto.items() if len(successors) > 1}
    assert len(several) == 505

    def reaches_several(code: str) -> bool:
        return code in several or any(reaches_several(successor) for successor in onto[code])

    unstated = {code for code, ends in found.items() if any(share is None for _, share in ends)}
    assert len(unstated) == 755
    assert all(reaches_several(code) for code in unstated)
    in_full = [ends for code, ends in found.items() if code not in unstated]
    assert {len(ends) for ends in in_full} == {1}
    assert {share for ends in in_full for _, share in ends} == {WHOLE}


async def test_01h_kept_its_code_while_name_area_and_ons_code_changed(whole: Database) -> None:
    days = DayPair(date(2016, 4, 1), date(2020, 4, 1))
    rows = [line async for part in lines(whole, CrosswalkFilter(days, ["01H"])) for line in part]
    assert [(line.code, line.to_code, line.row.share) for line in rows] == [("01H", "01H", WHOLE)]
    names = [
        (await answers.get_organisation(whole, "01H", as_at=day, as_known=None)).name for day in (days.start, days.end)
    ]
    assert names == ["NHS CUMBRIA CCG", "NHS NORTH CUMBRIA CCG"]
    ons = CrosswalkFilter(DayPair(date(2013, 4, 1), date(2020, 4, 1)), ["E38000041"], system="ons")
    of_ons = [line async for part in lines(whole, ons) for line in part]
    assert [(line.body, line.to_body, line.to_code) for line in of_ons] == [("01H", "01H", "E38000215")]


async def test_every_ccg_of_2013_has_its_ons_code_then_and_its_successors_in_2021(whole: Database) -> None:
    question = CrosswalkFilter(DayPair(date(2013, 4, 1), date(2021, 4, 1)), kind=Kind.CCG, system="ons")
    rows = [line async for part in lines(whole, question) for line in part]
    assert (len(rows), len({line.code for line in rows}), len({line.to_code for line in rows})) == (211, 211, 106)
    assert {line.reason for line in rows} == {""}


async def test_the_ccgs_of_2013_are_carried_to_the_106_of_2021_whole(whole: Database) -> None:
    question = CrosswalkFilter(DayPair(date(2013, 4, 1), date(2021, 4, 1)), kind=Kind.CCG)
    rows = [line async for part in lines(whole, question) for line in part]
    assert len(rows) == len({line.code for line in rows}) == 211
    assert {line.row.share for line in rows} == {WHOLE}
    assert len({line.to_code for line in rows}) == 106
    back = CrosswalkFilter(DayPair(date(2021, 4, 1), date(2013, 4, 1)), kind=Kind.CCG)
    reverse = [line async for part in lines(whole, back) for line in part]
    assert {(line.to_code, line.code) for line in reverse} == {(line.code, line.to_code) for line in rows}
    merged = Counter(line.code for line in reverse)
    assert {line.code for line in reverse if line.row.share == WHOLE} == {code for code in merged if merged[code] == 1}


def payments(shared: Path) -> list[tuple[str, Decimal]]:
    with gzip.open(shared / "london-ccg-spend-2020-21" / "london_ccg_payments.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    code = next(name for name in rows[0] if "ods" in name.lower() or name.lower() in {"code", "ccg_code"})
    amount = next(name for name in rows[0] if "amount" in name.lower())
    return [(row[code], Decimal(row[amount])) for row in rows if row[amount] not in ("", "NA")]


async def test_london_payments_are_restated_onto_the_bodies_of_april_2021_to_the_pound(
    whole: Database, shared: Path
) -> None:
    figures = [
        Figure(number, code, date(2020, 9, 30), amount)
        for number, (code, amount) in enumerate(payments(shared), start=1)
    ]
    found = await restate_figures(whole, figures, to_day=date(2021, 4, 1), as_known=None, system="ods")
    assert len(figures) == 76_072
    assert found.amount_in == found.amount_carried == 7_292_166_399
    assert found.amount_left == 0
    assert found.totals["W2U3Z"] == 1_668_651_399
    assert found.totals["A3A8R"] == 2_015_446_048
    payers = {line.code for line in found.lines if line.to_code in {"W2U3Z", "A3A8R"}}
    assert len(payers) == 14


async def test_london_payments_by_payer_are_restated_over_http_as_csv(
    whole: Database, tokens: Tokens, shared: Path
) -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for code, amount in payments(shared):
        sums[code] += amount
    sent = "code,amount\r\n" + "".join(f"{code},{amount}\r\n" for code, amount in sums.items())
    bus = DirectBus({"registry": whole.url})
    async with running_service("registry", tokens.settings(whole.url), bus) as (app, client):
        registry = RegistryClient(app, client, tokens)
        answer = await registry.send(
            "POST",
            "/crosswalks/restatement",
            Role.PARTNER,
            params={"from_day": "2021-03-31", "to_day": "2021-04-01", "format": "csv"},
            headers={"Content-Type": "text/csv"},
            content=sent.encode(),
        )
    await bus.close()
    rows = list(csv.DictReader(answer.text.splitlines()))
    onto: dict[str, int] = defaultdict(int)
    for row in rows:
        onto[row["to_code"]] += int(Decimal(row["amount"]))
    assert (len(rows), onto["W2U3Z"], onto["A3A8R"]) == (17, 1_668_651_399, 2_015_446_048)
    assert sum(onto.values()) == 7_292_166_399


async def all_conflicts(database: Database, about: ConflictFilter, as_known: datetime | None = None) -> list[Conflict]:
    return await conflicts(database, about, as_known=as_known, after=None, limit=100_000)


async def test_a_practice_file_that_rewrites_its_past_is_shown_against_the_dated_memberships(whole: Database) -> None:
    """B86681 belonged to 02V until 15F followed it in 2018; files since then say 15F for all days since 2013."""
    found = await all_conflicts(whole, ConflictFilter(Facet.PARENT, code="B86681"))
    [one] = [span for conflict in found for span in conflict.differs]
    assert (one.days.start, one.days.end) == (date(2013, 4, 1), date(2018, 4, 1))
    assert [(word.family, word.value) for word in one.words] == [("ods-epraccur", "15F"), ("ods-epcmem", "02V")]
    assert (one.why, one.rules) == ("lives", "02V")
    knew = datetime(2018, 5, 1, tzinfo=UTC)
    assert await all_conflicts(whole, ConflictFilter(Facet.PARENT, code="B86681"), knew) == []


async def test_the_conflicts_of_all_files_are_found_and_no_file_is_held_to_later_days(whole: Database) -> None:
    found = await all_conflicts(whole, ConflictFilter())
    assert {one.about for one in found} == {"kind", "life", "name", "parent", "succession"}
    lives = {one.code: span for one in found if one.about == "life" for span in one.differs}
    assert set(lives) == {"RR1", "RY1", "RJD", "B82051"}
    assert {(span.rules, span.why) for span in lives.values()} == {("closed", "rank")}
    assert {word.family for span in lives.values() for word in span.words if word.value == "open"} == {"nhsi"}


async def test_a_closed_practice_without_successor_says_that_no_source_says(whole: Database) -> None:
    rows: list[Any] = await whole.fetch(
        "SELECT o.code FROM organisation o"
        " JOIN organisation_belief life ON life.subject_id = o.id AND life.facet = 1 AND life.value = 'closed'"
        " JOIN organisation_belief kind ON kind.subject_id = o.id AND kind.facet = 4 AND kind.value = 'gp_practice'"
        " JOIN organisation_belief before ON before.subject_id = o.id AND before.facet = 1 AND before.value = 'open'"
        " WHERE upper_inf(life.known) AND upper_inf(kind.known) AND upper_inf(before.known)"
        " AND before.valid @> date '2005-04-01'"
        " AND NOT EXISTS (SELECT 1 FROM succession s WHERE s.code = o.code) ORDER BY o.code LIMIT 1"
    )
    code = rows[0]["code"]
    question = CrosswalkFilter(DayPair(date(2005, 4, 1), TODAY), [code])
    [line] = [line async for part in lines(whole, question) for line in part]
    assert (line.to_code, line.reason) == (None, "closed-without-successor")
    assert "no source says what became of it" in line.because
