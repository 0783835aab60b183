"""Who sits in which STP, April 2019; NHS Improvement's register; commissioning support units."""

import json
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

from libs.common.database.connection import Database
from services.registry.core import queries as answers
from services.registry.core.kinds import Kind
from services.registry.imports.formats.partners import code_and_cqc, own_code
from services.registry.lineage.queries import lineage_of
from tests.data.whole import TODAY, Whole, rows

MAPPED_ON = date(2019, 4, 3)

_PARTNERS = """
SELECT t.code, t.other FROM tie t JOIN tie_belief b ON b.subject_id = t.id
 WHERE t.sort = 'partner in' AND upper_inf(b.known) AND b.valid @> $1::date
"""


async def partners(database: Database) -> dict[str, set[str]]:
    held: dict[str, set[str]] = defaultdict(set)
    for row in await database.fetch(_PARTNERS, MAPPED_ON):
        held[row["code"]].add(row["other"])
    return held


async def test_747_relations_are_held_by_sort_as_the_mapping_counts_them(
    whole: Database, taken: Whole, shared: Path
) -> None:
    expected = json.loads((shared / "expected-values.json").read_text())["stp_relationships"]
    given = rows(shared / "stp-partner-mapping-2019-04" / "stp_partner_relationships_long.csv")
    assert Counter(row["partner_type"] for row in given) == expected
    report = taken.reports["stp_partner_relationships_long.csv"]
    assert (report.lines, report.not_taken) == (747, [])
    held = await partners(whole)
    for row in given:
        code, _ = code_and_cqc(row["partner_code"], row["partner_name"])
        assert row["stp_code"] in held[code], row
    assert sum(len(stps) for stps in held.values()) == 747


async def test_42_footprints_have_partners_and_rows_without_an_ods_code_are_listed_and_taken(
    whole: Database, taken: Whole, shared: Path
) -> None:
    given = rows(shared / "stp-partner-mapping-2019-04" / "stp_partner_relationships_long.csv")
    held = await partners(whole)
    assert len(set[str]().union(*held.values())) == len({row["stp_code"] for row in given}) == 42
    listed: dict[str, list[str]] = defaultdict(list)
    for one in taken.reports["stp_partner_relationships_long.csv"].findings:
        listed[one.sort].append(one.code)
    sorts = ("no usable code", "code of CQC", "footnote")
    assert [len(listed[sort]) for sort in sorts] == [15, 42, 1]
    bare = [row for row in given if row["partner_code"] in {"", "?", "-"}]
    assert Counter(listed["no usable code"]) == Counter(own_code(row["partner_name"]) for row in bare)
    with_cqc = [
        code_and_cqc(row["partner_code"], row["partner_name"])[0] for row in given if "CQC" in row["partner_code"]
    ]
    assert Counter(listed["code of CQC"]) == Counter(with_cqc)
    assert all(code in held for sort in sorts for code in listed[sort])
    identified = {row["code"] for row in await whole.fetch("SELECT code FROM tie WHERE sort = 'code:cqc'")}
    assert set(with_cqc) <= identified


async def test_one_of_the_209_rows_of_local_authorities_is_a_footnote_that_is_reported(
    taken: Whole,
    whole: Database,  # noqa: ARG001
    shared: Path,
) -> None:
    given = rows(shared / "stp-partner-mapping-2019-04" / "stp_partner_relationships_long.csv")
    authorities = [row["partner_name"] for row in given if row["partner_type"] == "LA"]
    footnotes = [name for name in authorities if name.startswith("*")]
    assert (len(authorities), len(footnotes)) == (209, 1)
    reported = [one for one in taken.reports["stp_partner_relationships_long.csv"].findings if one.sort == "footnote"]
    assert [(one.code, one.words) for one in reported] == [
        (own_code(footnotes[0]), f"the row of QT1 is a footnote and names no body: {footnotes[0]!r}")
    ]


async def test_each_ccg_is_in_one_stp_and_37_trusts_and_8_authorities_in_several(whole: Database, shared: Path) -> None:
    given = rows(shared / "stp-partner-mapping-2019-04" / "stp_partner_relationships_long.csv")
    sorts = {code_and_cqc(row["partner_code"], row["partner_name"])[0]: row["partner_type"] for row in given}
    held = await partners(whole)
    several = Counter(sorts[code] for code, stps in held.items() if len(stps) > 1)
    assert (several["CCG"], several["TRUST"], several["LA"]) == (0, 37, 8)
    assert max(len(stps) for code, stps in held.items() if sorts[code] == "TRUST") == 6
    assert sum(len(stps) == 1 for code, stps in held.items() if sorts[code] == "CCG") == 191


async def test_partners_without_an_ods_code_are_bodies_of_the_kind_that_their_name_shows(whole: Database) -> None:
    async def kind(name: str) -> set[Kind]:
        filters = answers.OrganisationFilter(name=name)
        found = await answers.list_organisations(whole, filters, as_at=MAPPED_ON, as_known=None, after=None, limit=50)
        return {one.kind for one in found}

    assert await kind("Healthwatch Suffolk") == {Kind.HEALTHWATCH}
    assert await kind("Norfolk & Waveney Local Medical Committee") == {Kind.LMC}
    assert await kind("3Sixty GP Federation") == {Kind.GP_FEDERATION}
    assert await kind("Kernow Health CIC") == {Kind.SOCIAL_ENTERPRISE}
    suffolk = await whole.fetch("SELECT code FROM tie WHERE sort = 'code:cqc' AND other = '1-600736778'")
    assert [row["code"] for row in suffolk] == ["C1600736778"]


async def test_three_stps_became_qhm(whole: Database) -> None:
    for code in ("QVP", "QT8", "QMK"):
        before = await answers.get_organisation(whole, code, as_at=date(2018, 6, 6), as_known=None)
        after = await answers.get_organisation(whole, code, as_at=date(2018, 6, 7), as_known=None)
        assert (before.status, after.status) == ("open", "closed")
        assert (await lineage_of(whole, code, as_at=TODAY)).resolves_to == ("QHM",)


async def test_the_register_gives_bodies_that_ods_describes_nowhere(whole: Database, taken: Whole) -> None:
    report = taken.reports["organisations.csv"]
    assert (report.lines, report.not_taken) == (993, [])
    kinds: Counter[str] = Counter()
    for row in await whole.fetch(
        "SELECT value FROM organisation_statement WHERE source = 'nhsi:organisations.csv' AND facet = 4"
    ):
        kinds[row["value"]] += 1
    assert (kinds[Kind.LOCAL_AUTHORITY], kinds[Kind.JOINT_VENTURE], kinds[Kind.INDEPENDENT_PROVIDER]) == (376, 16, 78)
    assert kinds[Kind.ARMS_LENGTH_BODY] + kinds[Kind.CQC] + kinds[Kind.NHS_ENGLAND] == 7
    london = await answers.get_organisation(whole, "P01", as_at=date(2018, 6, 1), as_known=None)
    assert (london.kind, london.name, london.status) == (Kind.JOINT_VENTURE, "North West London Pathology", "open")


async def test_what_ods_says_of_a_ccg_stands_above_the_register(whole: Database) -> None:
    """The register closes 28 bodies, 18 of them with a successor: all as ODS has it, to the day."""
    closed = await whole.fetch(
        """
        SELECT o.code, lower(s.valid) AS day FROM organisation_statement s JOIN organisation o ON o.id = s.subject_id
         WHERE s.source = 'nhsi:organisations.csv' AND s.facet = 1 AND s.value = 'closed'
        """
    )
    assert len(closed) == 28
    followed = await whole.fetch(
        "SELECT DISTINCT code, successor FROM succession_statement WHERE source = 'nhsi:organisations.csv'"
    )
    assert len(followed) == 18
    for row in followed:
        assert (await lineage_of(whole, row["code"], as_at=date(2018, 4, 1))).resolves_to == (row["successor"],)
        found = await answers.get_organisation(whole, row["code"], as_at=date(2018, 4, 1), as_known=None)
        assert (found.status, found.since) == ("closed", date(2018, 4, 1))


async def test_19_support_units_are_named_and_none_is_said_to_be_open(whole: Database, taken: Whole) -> None:
    report = taken.reports["commissioning_support_units.csv"]
    assert (report.lines, report.not_taken) == (19, [])
    opened = await whole.fetch(
        "SELECT id FROM organisation_statement WHERE source = 'nhse:commissioning_support_units.csv' AND facet = 1"
    )
    assert opened == []
