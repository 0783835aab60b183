"""The whole succession table of ODS: every row taken, the 37 mergers, the chains, and what is odd in it."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

from libs.common.database.connection import Database
from services.registry.core import queries as answers
from services.registry.core.kinds import Kind
from services.registry.evidence import anomalies
from services.registry.evidence.views import AnomalyType
from services.registry.lineage.queries import lineage_of
from tests.data.whole import TODAY, Whole, rows

FILE = "ods_successions_2022-10.csv.gz"
ODS = f"ods-succession:{FILE}"

_STATED = """
SELECT count(*) FROM (SELECT DISTINCT code, successor, effective_on FROM succession_statement WHERE source = $1) said
"""
_NAMED = """
SELECT code FROM succession_statement WHERE source = $1
 UNION SELECT successor FROM succession_statement WHERE source = $1
"""
_DESCRIBED = """
SELECT count(DISTINCT o.code) FROM organisation o JOIN organisation_statement s ON s.subject_id = o.id AND s.facet = 2
 WHERE o.code = ANY($1) AND s.source LIKE ANY($2)
"""
_DESCRIBING = ["ods-%", "nhsi:%", "nhse:commissioning_support_units.csv", "ons:PCO_2012.csv"]
_CCG_STEPS = """
SELECT s.code, s.successor, s.effective_on FROM succession s
 WHERE upper_inf(s.known) AND s.effective_on <= $1
   AND (SELECT count(DISTINCT o.code) FROM organisation o JOIN organisation_belief k ON k.subject_id = o.id
         WHERE k.facet = 4 AND k.value = 'ccg' AND upper_inf(k.known) AND o.code IN (s.code, s.successor)) = 2
"""
_CCG_CODES = """
SELECT DISTINCT o.code FROM organisation o JOIN organisation_belief k ON k.subject_id = o.id
 WHERE k.facet = 4 AND k.value = 'ccg' AND upper_inf(k.known)
"""


async def open_ccgs(database: Database, day: date) -> set[str]:
    found = await answers.list_organisations(
        database, answers.OrganisationFilter(Kind.CCG, "open"), as_at=day, as_known=None, after=None, limit=500
    )
    return {one.code for one in found}


async def test_all_25480_rows_are_taken_and_none_is_left_out(whole: Database, taken: Whole) -> None:
    report = taken.reports[FILE]
    assert (report.lines, report.not_taken) == (25_480, [])
    assert (await whole.fetch(_STATED, ODS))[0][0] == 25_480


async def test_codes_that_nobody_describes_are_bodies_of_unknown_kind(whole: Database) -> None:
    """978 have a record; QHM is named in the names of its sub-ICB locations."""
    named = [row["code"] for row in await whole.fetch(_NAMED, ODS)]
    assert len(named) == 43_107
    assert (await whole.fetch("SELECT count(*) FROM organisation WHERE code = ANY($1)", named))[0][0] == 43_107
    assert (await whole.fetch(_DESCRIBED, named, _DESCRIBING))[0][0] == 978 + len({"QHM"})
    nobody = await answers.get_organisation(whole, "00FAA", as_at=date(2016, 1, 1), as_known=None)
    assert (nobody.kind, nobody.status, nobody.name) == (Kind.UNKNOWN, "unknown", None)
    listed = await anomalies.find(whole, AnomalyType.UNDESCRIBED_IN_SUCCESSION)
    assert {one.code for one in listed} <= set(named)
    assert "00FAA" in {one.code for one in listed}


async def test_142_successions_of_ccgs_in_37_mergers_by_day(whole: Database, shared: Path) -> None:
    expected = json.loads((shared / "expected-values.json").read_text())
    steps = await whole.fetch(_CCG_STEPS, TODAY)
    assert len(steps) == expected["ccg_successions"] == 142
    assert Counter(row["effective_on"].isoformat() for row in steps) == expected["ccg_successions_by_date"]
    mergers = await whole.fetch(
        "SELECT effective_on::text AS day, predecessors FROM merger WHERE status = 'carried_out'"
    )
    assert Counter(row["day"] for row in mergers) == expected["ccg_merger_events_by_date"]
    assert (len(mergers), sum(len(row["predecessors"]) for row in mergers)) == (37, 142)


async def test_248_ccg_codes_were_ever_used(whole: Database, shared: Path) -> None:
    expected = json.loads((shared / "expected-values.json").read_text())
    assert len(await whole.fetch(_CCG_CODES)) == expected["ccg_codes_ever"] == 248


async def test_two_step_chains_resolve_to_their_end(whole: Database, shared: Path) -> None:
    chains = json.loads((shared / "expected-values.json").read_text())["two_step_chains"]
    assert len(chains) == 3
    for first, between, last in chains:
        steps = (await lineage_of(whole, first, as_at=TODAY)).after
        assert [(step.code, step.successor) for step in steps] == [(first, between), (between, last)]
        assert (await lineage_of(whole, first, as_at=TODAY)).resolves_to == (last,)


async def test_221_codes_are_seen_and_191_live_on_2019_04_01(whole: Database, shared: Path) -> None:
    graph = json.loads((shared / "expected-values.json").read_text())["graph_2019-04-01"]
    day = date(2019, 4, 1)
    steps = [(row["code"], row["successor"]) for row in await whole.fetch(_CCG_STEPS, day)]
    living = await open_ccgs(whole, day)
    nodes = living | {code for step in steps for code in step}
    assert (len(nodes), len(steps), len(living)) == (graph["nodes"], graph["edges"], graph["trees"]) == (221, 30, 191)
    ends = [(await lineage_of(whole, code, as_at=day)).resolves_to for code in sorted(nodes)]
    assert {end for one in ends for end in one} == living


async def test_13t_is_proposed_until_its_predecessors_end_and_the_212_are_shown_as_such(
    whole: Database, shared: Path
) -> None:
    expected = json.loads((shared / "expected-values.json").read_text())
    day = date(2015, 3, 31)
    by_succession = await open_ccgs(whole, day)
    by_dates = await anomalies.find(whole, AnomalyType.OPEN_BY_DATES_ALONE)
    assert [(one.code, one.first_day, one.last_day) for one in by_dates] == [("13T", date(2014, 11, 26), day)]
    assert len(by_succession) == expected["ccg_by_succession_2015-03-31"] == 211
    assert len(by_succession | {one.code for one in by_dates}) == expected["ccg_open_by_dates_alone_2015-03-31"] == 212
    newcastle = await answers.get_organisation(whole, "13T", as_at=day, as_known=None)
    assert (newcastle.status, newcastle.since) == ("proposed", date(2014, 11, 26))


async def test_a_successor_opens_the_day_after_the_last_day_of_its_predecessors(whole: Database) -> None:
    for row in await whole.fetch(_CCG_STEPS, TODAY):
        before = await answers.get_organisation(whole, row["code"], as_at=row["effective_on"], as_known=None)
        after = await answers.get_organisation(whole, row["successor"], as_at=row["effective_on"], as_known=None)
        assert (before.status, before.since) == ("closed", row["effective_on"]), row
        assert (after.status, after.since) == ("open", row["effective_on"]), row


async def test_no_pct_is_followed_by_a_ccg_and_no_ccg_by_an_icb(whole: Database, shared: Path) -> None:
    across = await whole.fetch(
        """
        SELECT s.code, s.successor FROM succession s
          JOIN organisation a ON a.code = s.code JOIN organisation b ON b.code = s.successor
         WHERE upper_inf(s.known)
           AND EXISTS (SELECT 1 FROM organisation_belief k WHERE k.subject_id = a.id AND k.facet = 4
                          AND k.value IN ('pct', 'ccg'))
           AND EXISTS (SELECT 1 FROM organisation_belief k WHERE k.subject_id = b.id AND k.facet = 4
                          AND k.value IN ('ccg', 'icb'))
           AND NOT EXISTS (SELECT 1 FROM organisation_belief k WHERE k.subject_id = a.id AND k.facet = 4
                              AND k.value = 'ccg')
        """
    )
    assert across == []
    pcts = {row["PCO12CDO"] for row in rows(shared / "ons-lookups" / "PCO_2012.csv")}
    alone = {one.code for one in await anomalies.find(whole, AnomalyType.CLOSED_WITHOUT_SUCCESSOR)}
    assert len(pcts) == 151
    # One was followed, by an NHS trust.
    assert pcts - alone == {"5QH"}
    assert [step.successor for step in (await lineage_of(whole, "5QH", as_at=date(2013, 4, 1))).after] == ["R1J"]


async def test_codes_with_several_successors_with_themselves_and_on_two_days_are_found(whole: Database) -> None:
    several = await anomalies.find(whole, AnomalyType.SEVERAL_SUCCESSORS)
    assert len(several) == 541
    assert sum(1 for one in several if int(one.words.split()[0]) > 1) == 505
    itself = await anomalies.find(whole, AnomalyType.FOLLOWS_ITSELF)
    assert len(itself) == 39
    # Three more pairs are of the STPs, which another list has join QHM on another day than ODS.
    days = await anomalies.find(whole, AnomalyType.FOLLOWED_ON_SEVERAL_DAYS)
    assert len([one for one in days if one.other != "QHM"]) == 35
    assert {one.code for one in days if one.other == "QHM"} == {"QVP", "QT8", "QMK"}


async def test_a_body_that_follows_itself_goes_on(whole: Database) -> None:
    for one in await anomalies.find(whole, AnomalyType.FOLLOWS_ITSELF, limit=5):
        found = await lineage_of(whole, one.code, as_at=TODAY)
        assert found.resolves_to
        assert all(step.code for step in found.after)


async def test_an_existing_trust_takes_over_another_and_one_trust_is_split(whole: Database) -> None:
    split = await lineage_of(whole, "RW6", as_at=date(2021, 10, 1))
    assert set(split.resolves_to) == {"R0A", "RM3"}
    assert (await answers.get_organisation(whole, "RM3", as_at=date(2021, 9, 30), as_known=None)).status == "open"
    assert [step.merger for step in split.after] == [None, None]


async def test_trusts_that_closed_and_were_followed_by_nobody_are_told(whole: Database) -> None:
    alone = {one.code for one in await anomalies.find(whole, AnomalyType.CLOSED_WITHOUT_SUCCESSOR)}
    assert {"R0C", "RA3", "RBA", "RBB", "RBF", "RJD", "RYH", "RYQ"} <= alone


async def test_csus_are_followed_as_the_table_has_it(whole: Database, shared: Path) -> None:
    given = {(row["old_code"], row["new_code"]) for row in rows(shared / "ods-succession" / "csu_code_successions.csv")}
    held = {
        (row["code"], row["successor"])
        for row in await whole.fetch(
            "SELECT code, successor FROM succession WHERE code ~ '^0[A-D]' OR successor ~ '^0[A-D]'"
        )
    }
    assert len(given) == 22
    assert given <= held
