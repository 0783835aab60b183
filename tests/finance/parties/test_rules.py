"""The sector of a party by precedence: contracts, owners, hosts, legal form, kind; on each day its own."""

import itertools
from datetime import date
from fractions import Fraction

import pytest

from libs.common.temporal.history import FIRST_DAY, Days
from services.finance.core.packs import pack_on
from services.finance.parties.rules import (
    Aspect,
    Basis,
    Dated,
    Holder,
    PartyRecord,
    sector_on,
    sector_periods,
)

PACK = pack_on(date(2017, 4, 1), subject="sectors")
DAY, SOLD = date(2017, 4, 1), date(2020, 4, 1)
ALL = Days()


def _of_kind(kind: str, form: str = "") -> PartyRecord:
    stated = {Aspect.LEGAL_FORM: [Dated(form, ALL)]} if form else {}
    return PartyRecord(kinds=[Dated(kind, ALL)], stated=stated)


OTHERS = {"NHSE": _of_kind("nhs_england"), "LTD": _of_kind("company"), "FED": _of_kind("gp_federation")}


@pytest.mark.parametrize(
    ("record", "sector", "basis"),
    [
        (_of_kind("ccg"), "public", Basis.KIND),
        (_of_kind("gp_federation", "company_limited_by_shares"), "private", Basis.LEGAL_FORM),
        (_of_kind("gp_federation", "cic_limited_by_guarantee"), "third", Basis.LEGAL_FORM),
        (_of_kind("gp_federation"), "unknown", Basis.NONE),
        (PartyRecord(hosts=[Holder("NHSE", ALL)]), "public", Basis.REGISTERED_HOSTS),
        (PartyRecord(hosts=[Holder("NHSE", ALL)], owners=[Holder("LTD", ALL)]), "private", Basis.REGISTERED_OWNERS),
        (PartyRecord(owners=[Holder("LTD", ALL)], stated={Aspect.OWNER: [Dated("NHSE", ALL)]}), "public", Basis.OWNER),
        (
            PartyRecord(stated={Aspect.SECTOR: [Dated("third", ALL)], Aspect.OWNER: [Dated("LTD", ALL)]}),
            "third",
            "stated",
        ),
        (PartyRecord(owners=[Holder("FED", ALL)], kinds=[Dated("csu", ALL)]), "public", Basis.KIND),
        (
            PartyRecord(
                kinds=[Dated("csu", ALL)],
                owners=[Holder("NHSE", ALL)],
                stated={Aspect.OWNER: [Dated("NOBODY-KNOWS", ALL)]},
            ),
            "unknown",
            Basis.OWNER,
        ),
    ],
)
def test_what_is_nearer_to_the_party_decides(record: PartyRecord, sector: str, basis: str) -> None:
    found = sector_on("ME", DAY, OTHERS | {"ME": record}, PACK)
    assert (found.sector, found.basis) == (sector, basis)


@pytest.mark.parametrize(
    ("shares", "sector"),
    [
        ({"LTD": Fraction(3, 5), "NHSE": Fraction(2, 5)}, "private"),
        ({"LTD": Fraction(1, 2), "NHSE": Fraction(1, 2)}, "unknown"),
        ({"LTD": None, "NHSE": None}, "unknown"),
    ],
)
def test_more_than_half_of_the_shares_controls(shares: dict[str, Fraction | None], sector: str) -> None:
    record = PartyRecord(owners=[Holder(code, ALL, share) for code, share in shares.items()])
    assert sector_on("ME", DAY, OTHERS | {"ME": record}, PACK).sector == sector


def test_who_own_each_other_have_no_sector() -> None:
    circle = {"A": PartyRecord(owners=[Holder("B", ALL)]), "B": PartyRecord(owners=[Holder("A", ALL)])}
    assert sector_on("A", DAY, circle, PACK).sector == "unknown"


def test_a_party_that_is_sold_changes_its_sector_on_the_day_and_an_owner_that_changes_takes_it_along() -> None:
    unit = PartyRecord(
        kinds=[Dated("csu", ALL)],
        stated={
            Aspect.OWNER: [Dated("NHSE", Days(DAY, SOLD)), Dated("LTD", Days(SOLD))],
            Aspect.SECTOR: [Dated("private", Days(date(2022, 4, 1)))],
        },
    )
    periods = sector_periods("UNIT", OTHERS | {"UNIT": unit}, PACK)
    assert [(one.sector, one.basis, one.days.start) for one in periods] == [
        ("public", Basis.KIND, FIRST_DAY),
        ("public", Basis.OWNER, DAY),
        ("private", Basis.OWNER, SOLD),
        ("private", Basis.STATED, date(2022, 4, 1)),
    ]
    assert all(earlier.days.end == later.days.start for earlier, later in itertools.pairwise(periods))
