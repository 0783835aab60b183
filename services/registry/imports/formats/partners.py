"""Members of STPs (ODS's STP partner mapping, April 2019): CCGs, local authorities, trusts and others."""

import hashlib
import re
from collections.abc import Iterator
from datetime import date, timedelta

from libs.common.events import Event
from libs.common.events.registry import OrganisationClosed, OrganisationKindChanged, OrganisationSucceeded
from libs.organisations.successions import Shape
from services.registry.core.kinds import Kind
from services.registry.core.links import Relation
from services.registry.imports.files.values import Unusable, code_of
from services.registry.imports.formats.csv_tables import Reading, Row, Table
from services.registry.imports.formats.lookups import part_of, tied

FAMILY = "nhse"
CQC = "cqc"
"""The system of the Care Quality Commission's provider ids: some partners have one and no ODS code."""

_MAPPED_ON = date(2019, 4, 3)
_QHM_SINCE = date(2018, 6, 7)
_FOOTNOTE = "*"
_ODS = re.compile(r"[A-Z0-9]{3,6}(?=\s*\(|$)")
_CQC = re.compile(r"\d-\d{6,11}")
_REGION = re.compile(r"\((Y\d{2})\)")

_BY_NAME = (
    ("healthwatch", Kind.HEALTHWATCH),
    ("hospice", Kind.HOSPICE),
    ("medical committee", Kind.LMC),
    (" lmc", Kind.LMC),
    ("gp federation", Kind.GP_FEDERATION),
    ("general practice alliance", Kind.GP_FEDERATION),
    ("local health board", Kind.WELSH_HEALTH_BOARD),
    ("cic", Kind.SOCIAL_ENTERPRISE),
    ("community interest company", Kind.SOCIAL_ENTERPRISE),
    ("age uk", Kind.CHARITY),
    ("marie curie", Kind.CHARITY),
    ("cancer support", Kind.CHARITY),
    ("stroke association", Kind.CHARITY),
    ("limited", Kind.COMPANY),
    ("ltd", Kind.COMPANY),
)


def kind_by_name(name: str) -> Kind:
    """Return the kind that a partner's name shows, UNKNOWN where it shows none."""
    plain = re.sub(r"[.()]", "", name).lower()
    return next((kind for words, kind in _BY_NAME if words in plain), Kind.UNKNOWN)


def kind_of_trust(name: str) -> Kind:
    """Return whether a name is a foundation trust's or another NHS trust's."""
    return Kind.FOUNDATION_TRUST if "foundation trust" in name.lower() else Kind.NHS_TRUST


def own_code(name: str) -> str:
    """Return a code of our own for a body without one, the same for the same name."""
    plain = " ".join(re.sub(r"[^a-z0-9 ]", "", name.lower()).split())
    return "OWN" + hashlib.sha256(plain.encode()).hexdigest()[:9].upper()


def code_and_cqc(text: str, name: str) -> tuple[str, str]:
    """Return a partner's code and its CQC id (empty where it has none) from the code's column.

    That is an ODS code, an ODS code with a CQC id, a CQC id alone, or `?`, `-` or nothing. A body without an ODS code
    is recorded under its CQC id, written without the dash behind a C, else under a code of our own.
    """
    cqc = found.group() if (found := _CQC.search(text)) else ""
    if ods := _ODS.match(text):
        return ods.group(), cqc
    return ("C" + cqc.replace("-", "") if cqc else own_code(name)), cqc


def _partners(reading: Reading) -> Iterator[Event]:
    return reading.each(lambda row: _partner(reading, row))


def _partner(reading: Reading, row: Row) -> Iterator[Event]:
    sort, name, stp = row["partner_type"], row["partner_name"], row["stp_code"]
    code, cqc = code_and_cqc(row["partner_code"], name)
    _note_oddities(reading, stp, row["partner_code"], name)
    yield from reading.seen(stp, row["stp_name"], Kind.STP)
    match sort:
        case "CCG":
            yield OrganisationKindChanged(code=code_of(code), kind=Kind.CCG, effective_on=reading.day, **reading.saying)
            yield part_of(reading, code, stp, relation="in STP")
        case "LA":
            yield from reading.seen(code, name, Kind.LOCAL_AUTHORITY)
        case "TRUST":
            yield from reading.seen(code, name, kind_of_trust(name))
        case "OTHER":
            yield from reading.seen(code, name, kind_by_name(name))
        case _:
            raise Unusable(f"{sort!r} is no type of partner")
    if cqc:
        yield reading.identified(code, cqc, CQC)
    yield tied(reading, code, Relation.PARTNER_IN, stp)


def _note_oddities(reading: Reading, stp: str, text: str, name: str) -> None:
    """Report a partner that ODS gave no code, or CQC one, and a row that is a footnote: each is taken all the same."""
    code, cqc = code_and_cqc(text, name)
    if cqc:
        reading.report.find("code of CQC", code, f"{name}, partner in {stp}, has CQC's {cqc}: {text!r}")
    elif not _ODS.match(text):
        reading.report.find("no usable code", code, f"{name}, partner in {stp}, has no code: {text!r}")
    if name.startswith(_FOOTNOTE):
        reading.report.find("footnote", code, f"the row of {stp} is a footnote and names no body: {name!r}")


def _stps(reading: Reading) -> Iterator[Event]:
    """Yield the STPs themselves with region and ONS code; their partners are in the mapping's other format."""

    def row(one: Row) -> Iterator[Event]:
        if one["STP Name"]:
            yield from reading.seen(one["ODS STP Code"], one["STP Name"], Kind.STP, ons=one["ONS STP Code"])
            if region := _REGION.search(one["NHS England Region"]):
                yield part_of(reading, one["ODS STP Code"], region.group(1))
                yield part_of(reading, one["ODS STP Code"], region.group(1), relation="in region")

    return reading.each(row)


def _closed_stps(reading: Reading) -> Iterator[Event]:
    """Yield the three STPs that became QHM on 7 June 2018, and their partners on their last day."""
    last_day = _QHM_SINCE - timedelta(days=1)

    def row(one: Row) -> Iterator[Event]:
        stp = one["ODS STP Code"]
        if one["STP Name"]:
            yield from reading.seen(stp, one["STP Name"], Kind.STP, ons=one["ONS STP Code"], on=last_day)
            yield OrganisationClosed(code=stp, effective_on=_QHM_SINCE, **reading.saying)
            yield OrganisationSucceeded(
                code=stp, successor="QHM", shape=Shape.MERGER, share="1", effective_on=_QHM_SINCE, **reading.saying
            )
        for name, code in ((one["CCG"], one["ODS CCG Code"]), (one["LA"], one["ODS LA Code"])):
            if name:
                yield tied(reading, code, Relation.PARTNER_IN, stp, until=_QHM_SINCE)
        for name, code in ((one["Trusts"], one["ODS Trust Code"]), (one["Other H&SC Orgs"], one["ODS Code"])):
            if name:
                yield tied(reading, code_and_cqc(code, name)[0], Relation.PARTNER_IN, stp, until=_QHM_SINCE)

    return reading.each(row)


FORMS = tuple(
    Table(title, FAMILY, columns, read, day).form()
    for title, columns, read, day in (
        (
            "partners of STPs, April 2019",
            "stp_code stp_name partner_type partner_code partner_name",
            _partners,
            _MAPPED_ON,
        ),
        (
            "STPs closed in June 2018",
            "NEW CODE FOR MERGED STP|ODS STP Code|ONS STP Code",
            _closed_stps,
            _QHM_SINCE - timedelta(days=1),
        ),
        ("STPs of April 2019", "NHS England Region|ODS STP Code|ONS STP Code", _stps, _MAPPED_ON),
    )
)
