"""Golden 12 by number: exits through each lens, best days, break-even payments, what is at stake, compensation."""

from datetime import date
from fractions import Fraction

import pytest

from services.finance.core.lenses import Lens, OrganisationLens, SectorLens, SocietyLens
from services.finance.exits.rules import Assessment, assess
from tests.finance.exits.cases import BASE, SECOND, Case, golden, standard_schedule

AS_AT = date(2017, 4, 1)


def _assessed(
    case: Case, *, public_until: int = 99, as_at: date = AS_AT, committed_on: date | None = None
) -> Assessment:
    sold_on = date(BASE + public_until, 4, 1)

    def sector(party: str, day: date) -> str:
        return "public" if party == "06H" or day < sold_on else "private"

    lenses: list[Lens] = [OrganisationLens("06H"), SectorLens(sector), SocietyLens()]
    return assess(
        "CSU-1",
        case.terms(),
        case.periods(),
        case.offers(),
        lenses,
        inputs=case.inputs(),
        schedule=standard_schedule(),
        as_at=as_at,
        wider="public_sector",
        committed_on=committed_on,
    )


def _pounds(pence: Fraction) -> int:
    return round(pence / 100)


OWN_50 = [7_738_525, 7_584_729, 7_451_918, 7_338_848, 7_244_337]
OWN_30 = [6_965_578, 7_024_623, 7_091_141, 7_164_560, 7_244_337]
HOSTED = [6_236_039, 6_599_808, 6_951_274, 7_164_560, 7_244_337]
SOLD_IN_YEAR_3 = [6_236_039, 6_464_516, 7_451_918, 7_338_848, 7_244_337]


@pytest.mark.parametrize(
    ("share", "public_until", "own", "public"),
    [
        ("1/2", 99, OWN_50, HOSTED),
        ("3/10", 99, OWN_30, HOSTED),
        ("1/2", 0, OWN_50, OWN_50),
        ("3/10", 0, OWN_30, OWN_30),
        ("1/2", 3, OWN_50, SOLD_IN_YEAR_3),
    ],
)
def test_every_exit_costs_each_lens_what_golden_12_says(
    share: str, public_until: int, own: list[int], public: list[int]
) -> None:
    found = _assessed(golden(share), public_until=public_until)
    by_lens = [[_pounds(one.present_costs[lens]) for one in found.exits] for lens in range(3)]
    assert by_lens == [own, public, HOSTED]
    best = {lens: number + 1 for lens, number in found.best.items()}
    assert best == {
        "06H": own.index(min(own)) + 1,
        "public_sector": public.index(min(public)) + 1,
        "uk_society": 1,
    }


def test_break_even_payments_are_those_of_golden_12() -> None:
    found = _assessed(golden())
    shares = [one.break_even_share for one in found.exits]
    assert [share and round(float(share) * 100, 2) for share in shares] == [37.21, 37.85, 38.49, 39.15, None]
    against = [one.break_even_without_transition for one in found.exits]
    assert [share and round(float(share) * 100, 2) for share in against] == [31.77, 30.33, 26.82, 15.00, None]
    assert _pounds(found.exits[-1].without_transition) == 7_033_844


def test_at_the_break_even_payment_leaving_costs_what_staying_does() -> None:
    for number, share in enumerate(one.break_even_share for one in _assessed(golden()).exits):
        if share is not None:
            again = _assessed(golden(f"{share.numerator}/{share.denominator}"))
            # The payment itself is whole pence, so that costs differ by less than one.
            assert abs(again.exits[number].present_costs[0] - again.exits[-1].present_costs[0]) < 1


def test_what_is_at_stake_and_the_compensation_that_suits_both() -> None:
    found = _assessed(golden())
    assert round(found.at_stake) == 100_829_740
    assert _pounds(found.compensation.penalty) == 494_188
    assert _pounds(found.compensation.supplier_gain) == 1_502_485
    assert found.compensation.suits_both
    assert not _assessed(golden("3/10")).compensation.suits_both


def test_an_exit_whose_notice_day_has_passed_is_shown_and_never_best() -> None:
    found = _assessed(golden("3/10"), as_at=date(2017, 10, 1))
    assert (found.open, found.best["06H"]) == ((1, 2, 3, 4), 1)
    before = _assessed(golden("3/10"), as_at=date(2017, 9, 30))
    assert before.missed_notice is not None
    assert _pounds(before.missed_notice) == 7_024_623 - 6_965_578
    over = _assessed(golden(), as_at=date(2030, 1, 1))
    assert (over.open, dict(over.best), over.missed_notice) == ((), {}, None)


def test_where_notice_stands_no_later_exit_is_open() -> None:
    # The notice for the second exit was served in time; at half the charges the last one would be best otherwise.
    noticed = _assessed(golden(), as_at=date(2018, 10, 1), committed_on=date(2019, 4, 1))
    assert (noticed.open, set(noticed.best.values()), noticed.missed_notice) == ((1,), {1}, None)
    earlier = _assessed(golden("3/10"), committed_on=date(2019, 4, 1))
    assert (earlier.open, earlier.best["06H"]) == ((0, 1), 0)
    assert _assessed(golden(), as_at=date(2018, 10, 1)).best["06H"] == 4


@pytest.mark.parametrize("case", [golden(), golden("3/10"), SECOND], ids=["50 %", "30 %", "second"])
@pytest.mark.parametrize("public_until", [0, 2, 3, 99])
def test_rational_arithmetic_of_its_own_gives_the_same(case: Case, public_until: int) -> None:
    found = _assessed(case, public_until=public_until)
    for number, one in enumerate(found.exits, start=1):
        own, public, society = one.present_costs
        assert own == case.present_cost(number)
        assert public == case.present_cost(number, own=False, public_until=public_until)
        assert society == case.present_cost(number, own=False, public_until=99)
