"""What the thresholds make of offers: whatever the order of the others, and never laxer for more."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from libs.common.temporal.months import after_months
from services.governance.gifts.models import GiftKind, GiftOutcome, GiverKind, Response
from services.governance.gifts.rules import Offer, treat

DAY = date(2018, 3, 1)


def an_offer(reference: str, pence: int, on: date = DAY, response: Response = Response.ACCEPTED) -> Offer:
    return Offer(
        reference=reference,
        person="P-1",
        organisation="10H",
        kind=GiftKind.GIFT,
        giver_kind=GiverKind.OTHER,
        giver="P-2",
        promotional=False,
        value_pence=pence,
        offered_on=on,
        response=response,
        approved=False,
    )


OTHERS = st.lists(st.tuples(st.integers(0, 6000), st.integers(-500, 500), st.sampled_from(Response)), max_size=6).map(
    lambda rows: [
        an_offer(f"GF-{number}", pence, DAY + timedelta(days=days), response)
        for number, (pence, days, response) in enumerate(rows)
    ]
)


@given(others=OTHERS, pence=st.integers(0, 6000), data=st.data())
def test_an_offer_counts_with_those_of_its_months_in_any_order(
    others: list[Offer], pence: int, data: st.DataObject
) -> None:
    offer = an_offer("GF-X", pence)
    found = treat(offer, others)
    assert treat(offer, [*data.draw(st.permutations(others)), offer]) == found
    first = after_months(DAY, -12)
    counted = [one for one in others if first < one.offered_on <= DAY and one.response is not Response.DECLINED]
    assert found.total_pence == pence + sum(one.value_pence for one in counted)
    assert set(found.added_up) == {one.reference for one in counted}
    assert found.outcome is (GiftOutcome.ORGANISATION_ONLY if found.total_pence >= 5000 else GiftOutcome.KEEP)
    assert found.declare == (found.total_pence >= 5000)
