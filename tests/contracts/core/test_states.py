"""The state of a contract on each day, by example, and against a reading of its acts day by day."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.core.states import ContractAct, End, State, StateOnDay, What, state_on

FIRST, LAST = date(2017, 4, 1), date(2020, 3, 31)
SIGNED = ContractAct(What.SIGNED, date(2017, 2, 1), first_day=FIRST, last_day=LAST)
BEGUN = (ContractAct(What.DRAFTED, date(2017, 1, 10)), ContractAct(What.AWARDED, date(2017, 1, 20)), SIGNED)
NOTICE = ContractAct(What.NOTICED, date(2018, 9, 30), last_day=date(2019, 3, 31), notice="N1")


@pytest.mark.parametrize(
    ("acts", "day", "state", "end"),
    [
        ((), date(2017, 1, 1), State.DRAFT, None),
        (BEGUN, date(2017, 1, 19), State.DRAFT, None),
        (BEGUN, date(2017, 1, 20), State.AWARDED, None),
        (BEGUN, date(2017, 2, 1), State.SIGNED, None),
        (BEGUN, FIRST, State.ACTIVE, None),
        (BEGUN, LAST, State.ACTIVE, None),
        (BEGUN, LAST + timedelta(days=1), State.ENDED, End.EXPIRED),
        ((*BEGUN, NOTICE), date(2018, 9, 29), State.ACTIVE, None),
        ((*BEGUN, NOTICE), date(2018, 9, 30), State.NOTICE_SERVED, None),
        ((*BEGUN, NOTICE), date(2019, 4, 1), State.ENDED, End.EARLY),
        (
            (*BEGUN, NOTICE, ContractAct(What.WITHDRAWN, date(2018, 12, 1), notice="N1")),
            date(2019, 4, 1),
            State.ACTIVE,
            None,
        ),
        (
            (*BEGUN, ContractAct(What.ENDED, date(2018, 6, 1), last_day=date(2018, 12, 31), end=End.REPLACED)),
            date(2018, 12, 31),
            State.EXITING,
            None,
        ),
        (
            (*BEGUN, ContractAct(What.ENDED, date(2018, 6, 1), last_day=date(2018, 12, 31), end=End.REPLACED)),
            date(2019, 1, 1),
            State.ENDED,
            End.REPLACED,
        ),
        (
            (*BEGUN, ContractAct(What.PROLONGED, date(2019, 12, 1), last_day=date(2021, 3, 31))),
            date(2020, 4, 1),
            State.ACTIVE,
            None,
        ),
        ((*BEGUN, ContractAct(What.CLOSED, date(2020, 6, 1))), date(2020, 6, 1), State.CLOSED, End.EXPIRED),
        ((ContractAct(What.COMMITTED, date(2012, 6, 1)),), date(2013, 5, 14), State.CONDITIONAL, None),
        (
            (ContractAct(What.COMMITTED, date(2012, 6, 1)), ContractAct(What.REFUSED, date(2013, 5, 15))),
            date(2013, 5, 15),
            State.ENDED,
            End.LAPSED,
        ),
        (
            (
                ContractAct(What.COMMITTED, date(2012, 6, 1)),
                ContractAct(What.SIGNED, date(2013, 5, 15), first_day=date(2013, 6, 1), last_day=date(2018, 5, 31)),
            ),
            date(2013, 6, 1),
            State.ACTIVE,
            None,
        ),
    ],
)
def test_the_state_follows_from_the_acts_and_the_day(
    acts: Sequence[ContractAct], day: date, state: State, end: End | None
) -> None:
    assert state_on(acts, day) == StateOnDay(state, end)


class Reading:
    """Another reading of the same acts: a clerk who keeps the file, day by day."""

    def __init__(self) -> None:
        self.paper, self.bound, self.refused, self.shut = "draft", False, False, False
        self.term: tuple[date, date] | None = None
        self.notices: dict[str, date] = {}
        self.certain: tuple[date, End] | None = None

    def file(self, act: ContractAct) -> None:
        match act.what:
            case What.AWARDED | What.COMMITTED:
                self.paper = {What.AWARDED: "awarded", What.COMMITTED: "conditional"}[act.what]
                self.refused = False
            case What.REFUSED:
                self.refused = True
            case What.SIGNED:
                assert act.first_day is not None
                assert act.last_day is not None
                self.bound = True
                self.term = (act.first_day, act.last_day)
            case What.PROLONGED:
                assert act.last_day is not None
                assert self.term is not None
                self.term = (self.term[0], act.last_day)
            case What.NOTICED:
                assert act.last_day is not None
                self.notices[act.notice] = act.last_day
            case What.WITHDRAWN:
                self.notices.pop(act.notice, None)
            case What.ENDED:
                assert act.last_day is not None
                assert act.end is not None
                self.certain = (act.last_day, act.end)
            case What.CLOSED:
                self.shut = True

    def state(self, day: date) -> StateOnDay:
        if not self.bound or self.term is None:
            return StateOnDay(State.ENDED, End.LAPSED) if self.refused else StateOnDay(State(self.paper))
        first, last = self.term
        over: list[tuple[date, End]] = [(last, End.EXPIRED)]
        if self.certain:
            over = [(min(self.certain[0], last), self.certain[1])]
        else:
            over += [(one, End.EARLY) for one in self.notices.values() if one < last]
        stop, how = min(over, key=lambda one: one[0])
        if stop < day:
            return StateOnDay(State.CLOSED if self.shut else State.ENDED, how)
        if day < first:
            return StateOnDay(State.SIGNED)
        if self.certain:
            return StateOnDay(State.EXITING)
        return StateOnDay(State.NOTICE_SERVED if self.notices else State.ACTIVE)


DAYS = st.integers(0, 40).map(lambda n: date(2017, 1, 1) + timedelta(days=n))


@st.composite
def files(draw: st.DrawFn) -> list[ContractAct]:
    """Acts in an order in which they may happen: drafted, perhaps awarded or conditional, signed, and what follows."""
    days = sorted(draw(st.lists(DAYS, min_size=10, max_size=10)))
    acts = [ContractAct(What.DRAFTED, days[0])]
    acts += [
        ContractAct(what, day)
        for what, day in zip((What.AWARDED, What.COMMITTED, What.REFUSED), days[1:4], strict=True)
        if draw(st.booleans())
    ]
    if acts[-1].what == What.REFUSED or not draw(st.integers(0, 4)):
        return acts
    first = draw(DAYS)
    last = first + timedelta(days=draw(st.integers(0, 30)))
    acts.append(ContractAct(What.SIGNED, days[4], first_day=first, last_day=last))
    for day in days[5:]:
        what = draw(st.sampled_from([What.PROLONGED, What.NOTICED, What.WITHDRAWN, What.ENDED, What.CLOSED]))
        exit_day = day + timedelta(days=draw(st.integers(0, 20)))
        acts.append(
            ContractAct(
                what,
                day,
                last_day=exit_day if what in (What.PROLONGED, What.NOTICED, What.ENDED) else None,
                notice=draw(st.sampled_from(["N1", "N2"])) if what in (What.NOTICED, What.WITHDRAWN) else "",
                end=draw(st.sampled_from([End.NOVATED, End.REPLACED, End.INSOURCED])) if what == What.ENDED else None,
            )
        )
    return acts


@settings(deadline=None, max_examples=100)
@given(files())
def test_every_day_is_as_a_clerk_reads_the_file(acts: list[ContractAct]) -> None:
    reading, left = Reading(), list(acts)
    for number in range(80):
        day = date(2017, 1, 1) + timedelta(days=number)
        while left and left[0].on <= day:
            reading.file(left.pop(0))
        assert state_on(acts, day) == reading.state(day), day
