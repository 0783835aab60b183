"""Releases of any history: what they say together is the last of them, and nothing is said before its time."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.core.states import End, State
from services.contracts.publication.records import compiled, versioned
from services.contracts.publication.rules import (
    Body,
    ExitPrice,
    LineAmendment,
    PublishedChange,
    PublishedContract,
    ServedNotice,
    dated,
    days_to_look_at,
    instant_of,
    release_of,
    tags_of,
)
from tests.contracts.publication.fold import folded

AT = datetime(2017, 1, 1, 9, tzinfo=UTC)
BODIES = [Body(code, f"NHS {code}") for code in ("10H", "10Y", "14Y")]
SUPPLIERS = [Body("0CX"), Body("0EX", "A supplier")]
DAYS = st.dates(date(2017, 4, 1), date(2021, 3, 31))
NOTICE = ServedNotice(
    id="N-1", served_on=date(2018, 1, 1), served_by=BODIES[0], last_day=date(2018, 12, 31), functions=()
)


@st.composite
def contracts(draw: st.DrawFn) -> PublishedContract:
    customers = tuple(draw(st.lists(st.sampled_from(BODIES), min_size=1, unique=True)))
    state = draw(st.sampled_from([State.SIGNED, State.ACTIVE, State.NOTICE_SERVED, State.EXITING, State.ENDED]))
    ends_early = draw(st.booleans())
    functions = draw(st.lists(st.sampled_from(["bi", "hr", "payroll"]), min_size=1, unique=True))
    return PublishedContract(
        reference="CSU-2017",
        title="; ".join(functions),
        state=state,
        end=End.EARLY if ends_early else End.EXPIRED,
        supplier=draw(st.sampled_from(SUPPLIERS)),
        customers=customers,
        buyer=customers[0],
        lines=tuple((one, one.upper(), draw(st.integers(0, 2 * 10**11))) for one in functions),
        has_stated_values=draw(st.booleans()),
        signed_on=date(2017, 1, 1),
        starts_on=date(2017, 4, 1),
        last_day=date(2022, 3, 31),
        ends_on=draw(DAYS) if ends_early else date(2022, 3, 31),
        ends_early=ends_early,
        changes=tuple(
            PublishedChange(
                id=f"M-{number}",
                role="buyer",
                kind="scheme",
                leaving=(body,),
                entering=BODIES[2],
                effective_on=date(2018, 4, 1),
                schemes=("TS-1", "TS-2")[:number],
            )
            for number, body in enumerate(draw(st.lists(st.sampled_from(BODIES[:2]), unique=True)))
        ),
        amendments=tuple(
            LineAmendment(id=f"A-{number}", effective_on=day, grounds=None)
            for number, day in enumerate(draw(st.lists(DAYS, max_size=2)))
        ),
        notices=(NOTICE,),
        price=ExitPrice(draw(st.integers(0, 10**9)), ("breakage",)),
    )


def releases_of(history: list[PublishedContract]) -> list[dict[str, Any]]:
    """Release a history, as it is stored: each is read again from its text."""
    given_out: list[dict[str, Any]] = []
    for contract in history:
        before = given_out[-1] if given_out else None
        document = release_of(contract, before)
        if tags := tags_of(document, before):
            at = AT + timedelta(days=len(given_out))
            number = len(given_out) + 1
            given_out.append(json.loads(json.dumps(dated(document, ocid="ocds-1", number=number, at=at, tags=tags))))
    return given_out


@settings(max_examples=25)
@given(st.lists(contracts(), min_size=1, max_size=5))
def test_a_compiled_record_is_a_second_fold_of_the_same_releases(history: list[PublishedContract]) -> None:
    releases = releases_of(history)
    record = compiled(releases)
    assert record == folded(releases)
    assert record["parties"] == releases[-1]["parties"] or {one["id"] for one in record["parties"]} == {
        one["id"] for one in releases[-1]["parties"]
    }
    assert versioned(releases)["buyer"]["id"][-1]["value"] == record["buyer"]["id"]
    assert releases_of([*history, history[-1]]) == releases


@settings(max_examples=25)
@given(contracts(), contracts())
def test_neither_notice_nor_price_nor_an_early_end_is_shown_before_the_end(
    one: PublishedContract, other: PublishedContract
) -> None:
    first = release_of(one, None)
    for contract, document in ((one, first), (other, release_of(other, first))):
        [shown] = document["contracts"]
        if contract.state is not State.ENDED:
            assert shown.keys().isdisjoint({"noticesServed", "exitPrice", "endedAs"})
            assert shown["period"]["endDate"][:10] in {"2022-03-31", first["contracts"][0]["period"]["endDate"][:10]}
        else:
            assert shown["noticesServed"][0]["id"] == "N-1"
            assert shown["period"]["endDate"][:10] == str(contract.ends_on)
        paid = [item["unit"]["value"]["amount"] for item in shown["items"] if "value" in item.get("unit", {})]
        pence = [line[2] for line in sorted(contract.lines)] if contract.has_stated_values else []
        assert [round(amount * 100) for amount in paid] == pence


def test_the_days_of_a_history_and_their_instants_always_rise() -> None:
    points = [date(2017, 1, 1), date(2017, 4, 1), date(2018, 4, 1), date(2199, 12, 31)]
    today = date(2018, 1, 1)
    assert days_to_look_at(points, after=None, today=today) == [*points[:2], today]
    assert days_to_look_at(points, after=date(2017, 1, 1), today=today) == [points[1], today]
    assert days_to_look_at(points, after=today, today=today) == [today]
    end, now = datetime(2017, 1, 1, 23, tzinfo=UTC), datetime(2017, 6, 1, tzinfo=UTC)
    assert instant_of(end, now=now, last=None) == end
    assert instant_of(end, now=now, last=end) == now
    assert instant_of(end, now=end, last=end) == end + timedelta(microseconds=1)
