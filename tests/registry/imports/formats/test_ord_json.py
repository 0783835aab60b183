"""Organisations as the ORD API gives them, written for a test: lives in two sorts of days, roles, rels, successions."""

import gzip
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from libs.common.database.connection import Database
from services.registry.core import queries as answers
from services.registry.core.kinds import Kind
from services.registry.imports.files import json_values
from services.registry.imports.files.source_file import recognised
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.report import FileRefused, FileReport
from services.registry.imports.runner import import_file
from services.registry.lineage.queries import lineage_of

TODAY = date(2026, 1, 1)
AUTHORITY = {"root": "2.16.840.1.113883.2.1.3.2.4.18.48", "assigningAuthorityName": "HSCIC"}

Days = list[dict[str, str]]


def days(start: str, end: str = "", *, legal: str = "", legal_end: str = "") -> Days:
    found = [{"Type": "Operational", "Start": start} | ({"End": end} if end else {})]
    if legal:
        found.append({"Type": "Legal", "Start": legal} | ({"End": legal_end} if legal_end else {}))
    return found


def target(code: str, role: str) -> dict[str, Any]:
    return {"OrgId": AUTHORITY | {"extension": code}, "PrimaryRoleId": {"id": role, "uniqueRoleId": 1}}


def rel(sort: str, code: str, role: str, dates: Days) -> dict[str, Any]:
    return {"id": sort, "uniqueRelId": 1, "Status": "Active", "Date": dates, "Target": target(code, role)}


def succ(sort: str, code: str, role: str, day: str) -> dict[str, Any]:
    return {
        "uniqueSuccId": 1,
        "Type": sort,
        "Date": [{"Type": "Legal", "Start": day}],
        "Target": target(code, role),
    }


def document(code: str, name: str, dates: Days, *roles: tuple[str, Days], **more: Any) -> dict[str, Any]:
    """An organisation as the ORD API gives it; of its roles the first one is the primary."""
    listed = [
        {"id": role, "uniqueRoleId": number, "Status": "Active", "Date": held}
        | ({"primaryRole": True} if number == 0 else {})
        for number, (role, held) in enumerate(roles)
    ]
    place = {"AddrLn1": "21 SILVER STREET", "Town": "BURY", "PostCode": "BL9 0EN", "Country": "ENGLAND"}
    organisation = {
        "Name": name,
        "Date": dates,
        "OrgId": AUTHORITY | {"extension": code},
        "Status": "Active",
        "LastChangeDate": "2021-10-01",
        "orgRecordClass": "RC1",
        "GeoLoc": {"Location": place},
        "Roles": {"Role": listed},
    }
    return {"Organisation": organisation | more}


async def take(database: Database, folder: Path, name: str, content: object) -> FileReport:
    path = folder / name
    text = json.dumps(content).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return await import_file(database, recognised(path, FORMS, stated_on=None), today=TODAY)


async def shown(database: Database, code: str, day: str) -> tuple[Kind, str, str | None]:
    found = await answers.get_organisation(database, code, as_at=date.fromisoformat(day), as_known=None)
    return found.kind, found.status, found.parent


async def beliefs(database: Database, code: str, facet: int) -> list[tuple[str, date | None]]:
    rows = await database.fetch(
        """
        SELECT b.value, lower(b.valid) AS day FROM organisation_belief b JOIN organisation o ON o.id = b.subject_id
         WHERE o.code = $1 AND b.facet = $2 AND upper_inf(b.known) ORDER BY b.valid
        """,
        code,
        facet,
    )
    return [(row["value"], row["day"]) for row in rows]


async def test_a_body_stands_as_proposed_between_its_two_first_days(database: Database, tmp_path: Path) -> None:
    hub = days("2019-10-25", legal="2020-04-01")
    trust = days("2015-07-01", legal="2015-04-01")
    report = await take(
        database,
        tmp_path,
        "ord_2021-10.json",
        [
            document("97T", "SOUTH EAST - H&J COMMISSIONING HUB", hub, ("RO98", hub), ("RO218", hub)),
            document("R1X", "A NEW NHS TRUST", trust, ("RO197", trust)),
        ],
    )
    assert (report.lines, report.not_taken) == (2, [])
    assert await shown(database, "97T", "2019-10-25") == (Kind.COMMISSIONING_HUB, "proposed", None)
    assert await shown(database, "97T", "2020-04-01") == (Kind.COMMISSIONING_HUB, "open", None)
    assert [(await shown(database, "R1X", day))[1] for day in ("2015-03-31", "2015-04-01", "2015-07-01")] == [
        "unknown",
        "proposed",
        "open",
    ]
    assert await beliefs(database, "97T", 5) == [("established", date(2020, 4, 1))]


async def test_a_code_lives_on_when_its_body_is_abolished_and_its_roles_say_as_what(
    database: Database, tmp_path: Path
) -> None:
    life = days("2013-04-01", legal="2013-04-01", legal_end="2022-06-30")
    bury = document(
        "00V",
        "NHS GREATER MANCHESTER ICB - 00V",
        life,
        ("RO98", days("2013-04-01")),
        ("RO319", days("2022-07-01")),
        ("RO91", days("2014-01-01", "2014-12-31")),
        Rels={
            "Rel": [
                rel("RE5", "Q46", "RO210", days("2013-04-01", "2015-03-31")),
                rel("RE5", "QOP", "RO261", days("2020-04-01")),
                rel("RE6", "Y00", "RO209", days("2013-04-01")),
            ]
        },
    )
    report = await take(database, tmp_path, "ord_2022-12.json.gz", bury)
    assert await shown(database, "00V", "2015-03-31") == (Kind.CCG, "open", "Q46")
    assert await shown(database, "00V", "2015-04-01") == (Kind.CCG, "open", None)
    assert await shown(database, "00V", "2022-07-01") == (Kind.SUB_ICB_LOCATION, "open", "QOP")
    assert await beliefs(database, "00V", 5) == [("established", date(2013, 4, 1)), ("abolished", date(2022, 7, 1))]
    assert await beliefs(database, "00V", 6) == [("21 SILVER STREET\nBURY\nBL9 0EN", None)]
    roles = await database.fetch(
        "SELECT other, lower(valid) AS first, upper(valid) AS last FROM tie t JOIN tie_belief b ON b.subject_id = t.id "
        "WHERE t.code = '00V' AND t.sort = 'role' ORDER BY other"
    )
    assert [tuple(row) for row in roles] == [
        ("RO319", date(2022, 7, 1), None),
        ("RO91", date(2014, 1, 1), date(2015, 1, 1)),
    ]
    assert [(one.sort, one.code) for one in report.findings] == [("relationship not kept", "00V")]


async def test_a_practice_belongs_to_its_commissioner_and_is_a_member_of_its_network(
    database: Database, tmp_path: Path
) -> None:
    since = days("1974-04-01")
    practice = document(
        "P83001",
        "FAIRFAX GROUP PRACTICE",
        since,
        ("RO177", since),
        ("RO76", since),
        Rels={
            "Rel": [
                rel("RE4", "5JX", "RO179", days("2002-04-01", "2013-03-31")),
                rel("RE4", "00V", "RO98", days("2013-04-01")),
                rel("RE8", "U12345", "RO272", days("2019-07-01")),
                rel("RE5", "Y62", "RO209", days("2020-04-01")),
            ]
        },
    )
    assert (await take(database, tmp_path, "ord_2021-10.json", practice)).not_taken == []
    assert await shown(database, "P83001", "2013-03-31") == (Kind.GP_PRACTICE, "open", "5JX")
    assert await shown(database, "P83001", "2013-04-01") == (Kind.GP_PRACTICE, "open", "00V")
    ties = await database.fetch("SELECT sort, other FROM tie WHERE code = 'P83001' AND sort <> 'role' ORDER BY 1")
    assert [tuple(row) for row in ties] == [("in area of", "Y62"), ("member of", "U12345")]


async def test_successions_are_the_same_from_either_end(database: Database, tmp_path: Path) -> None:
    closed = days("1999-04-01", "2021-09-30")
    opened = days("2021-10-01")
    documents = [
        document(
            "RW6",
            "PENNINE ACUTE HOSPITALS NHS TRUST",
            closed,
            ("RO197", closed),
            Succs={"Succ": [succ("Successor", code, "RO197", "2021-10-01") for code in ("RM3", "R0A")]},
        ),
        document(
            "R0A",
            "MANCHESTER UNIVERSITY NHS FOUNDATION TRUST",
            opened,
            ("RO197", opened),
            ("RO57", opened),
            Succs={"Succ": succ("Predecessor", "RW6", "RO197", "2021-10-01")},
        ),
    ]
    report = await take(database, tmp_path, "ord_2021-10.json", documents)
    assert (await lineage_of(database, "RW6", as_at=TODAY)).resolves_to == ("R0A", "RM3")
    assert (await database.fetch("SELECT count(*) FROM succession"))[0][0] == 2
    assert await shown(database, "RW6", "2021-09-30") == (Kind.NHS_TRUST, "open", None)
    assert await shown(database, "RW6", "2021-10-01") == (Kind.NHS_TRUST, "closed", None)
    assert (await shown(database, "R0A", "2021-10-01"))[0] is Kind.FOUNDATION_TRUST
    assert (await take(database, tmp_path, "ord_2021-10.json", documents)).events == 0
    assert report.lines == 2


async def test_the_year_9999_is_no_end_and_another_impossible_day_refuses_its_document(
    database: Database, tmp_path: Path
) -> None:
    endless = days("2013-04-01", "9999-12-31")
    early = days("0001-01-01")
    report = await take(
        database,
        tmp_path,
        "ord_2021-10.json",
        [
            document("00V", "NHS BURY CCG", endless, ("RO98", endless)),
            document("00W", "NHS EARLY CCG", early, ("RO98", early)),
            document("00X", "NHS BOLTON CCG", days("2013-04-01"), ("RO98", days("2013-04-01"))),
        ],
    )
    assert [(one.line, one.reason) for one in report.not_taken] == [(2, "its date '0001-01-01' is no day")]
    assert [(await shown(database, code, "2026-01-01"))[1] for code in ("00V", "00X")] == ["open", "open"]


async def test_documents_that_say_nothing_usable_are_refused_with_the_reason(
    database: Database, tmp_path: Path
) -> None:
    since = days("2013-04-01")
    good = document("00V", "NHS BURY CCG", since, ("RO98", since))
    nameless = document("00W", " ", since, ("RO98", since))
    roleless = document("00X", "NHS X CCG", since)
    dayless = document("00Y", "NHS Y CCG", [], ("RO98", since))
    backwards = document("01A", "NHS A CCG", days("2013-04-01", "2012-04-01"), ("RO98", since))
    odd_type = document("01B", "NHS B CCG", [{"Type": "Lunar", "Start": "2013-04-01"}], ("RO98", since))
    odd_succ = document(
        "01C", "NHS C CCG", since, ("RO98", since), Succs={"Succ": [succ("Heir", "00V", "RO98", "2020-04-01")]}
    )
    unprintable = document("01D", "NHS\x00D", since, ("RO98", since))
    report = await take(
        database,
        tmp_path,
        "ord_2021-10.json",
        [good, nameless, roleless, dayless, backwards, odd_type, odd_succ, good, {"Organisations": []}, unprintable],
    )
    assert [(one.line, one.code, one.reason) for one in report.not_taken] == [
        (2, "00W", "it has no name"),
        (3, "00X", "it has no primary role"),
        (4, "00Y", "it has no first day"),
        (5, "01A", "it ends on 2012-04-01, before it begins on 2013-04-01"),
        (6, "01B", "'Lunar' is no type of date"),
        (7, "01C", "'Heir' is neither Predecessor nor Successor"),
        (9, "", "it has no Organisation"),
        (10, "01D", "'NHS\\x00D' is no text"),
    ]
    assert [(one.sort, one.words) for one in report.findings] == [("repeated line", "line 8 repeats line 1")]
    assert (await shown(database, "00V", "2013-04-01"))[1] == "open"
    (tmp_path / "ord_2021-11.json").write_text("{ this is none")
    with pytest.raises(FileRefused, match="it is no JSON"):
        await import_file(database, recognised(tmp_path / "ord_2021-11.json", FORMS, stated_on=None), today=TODAY)


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("[]", 0),
        (" [ {} , {} ] ", 2),
        ("{}", 1),
        ("[{}, {}", None),
        ("[{} {}]", None),
        ("[{},]", None),
        ("{} {}", None),
        ("", None),
        ("[" * 100_000, None),
        ("[1" + "0" * 5_000 + "]", None),
    ],
)
def test_a_list_is_read_in_parts_and_what_is_no_json_is_refused(
    text: str, documents: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in (1, 3, 1_000_000):
        monkeypatch.setattr(json_values, "PART", part)
        if documents is None:
            with pytest.raises(FileRefused, match="it is no JSON"):
                list(json_values.values_in(io.StringIO(text)))
        else:
            assert list(json_values.values_in(io.StringIO(text))) == [{}] * documents
