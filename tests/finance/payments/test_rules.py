"""Whatever is stated of items, however often and in whatever order they are settled: each is paid once."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.finance.payments.rules import MADE, REVERSED, Due, PaymentEntry, entries_for, paid_pence

DAY = date(2013, 4, 1)
ADVANCE = Due(item="C/advance/NET0", contract="C-2013", payer="08V", payee="NET0", amount_pence=700, value_on=DAY)


def settled(*statements: Due) -> list[PaymentEntry]:
    """The entries of one item after each statement was settled twice."""
    entries: list[PaymentEntry] = []
    for due in statements:
        entries += entries_for(due, entries)
        assert entries_for(due, entries) == []
    return entries


def test_an_item_is_paid_once() -> None:
    [entry] = settled(ADVANCE, ADVANCE)
    assert (entry.sort, entry.payer, entry.payee, entry.amount_pence) == (MADE, "08V", "NET0", 700)
    assert settled(replace(ADVANCE, amount_pence=0)) == []


def test_an_item_that_is_stated_anew_is_given_back_and_paid_anew() -> None:
    entries = settled(ADVANCE, replace(ADVANCE, amount_pence=900), replace(ADVANCE, payee="NET9", amount_pence=50))
    assert [(one.sort, one.payer, one.payee, one.amount_pence) for one in entries] == [
        (MADE, "08V", "NET0", 700),
        (REVERSED, "NET0", "08V", 700),
        (MADE, "08V", "NET0", 900),
        (REVERSED, "NET0", "08V", 900),
        (MADE, "08V", "NET9", 50),
    ]


@pytest.mark.parametrize(("takes_back", "sort"), [(True, REVERSED), (False, MADE)])
def test_a_correction_is_an_entry_of_its_own(takes_back: bool, sort: str) -> None:
    more = Due(
        item="C/advance/NET0/1",
        contract="C-2013",
        payer="NET0" if takes_back else "08V",
        payee="08V" if takes_back else "NET0",
        amount_pence=70,
        value_on=DAY,
        corrects=ADVANCE.item,
        takes_back=takes_back,
    )
    [entry] = settled(more)
    assert (entry.sort, entry.payer, entry.amount_pence) == (sort, more.payer, 70)


class Payments(RuleBasedStateMachine):
    """Statements of three items between three parties come in any order; due work runs whenever it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.stated: dict[str, Due] = {}
        self.entries: dict[str, list[PaymentEntry]] = {}
        self.days = 0

    @rule(
        item=st.sampled_from("ABC"),
        parties=st.permutations(["P", "Q", "R"]),
        pence=st.integers(0, 1000),
        takes_back=st.booleans(),
    )
    def falls_due(self, item: str, parties: list[str], pence: int, takes_back: bool) -> None:
        """An item falls due, or is stated anew."""
        self.stated[item] = Due(
            item=item,
            contract="C",
            payer=parties[0],
            payee=parties[1],
            amount_pence=pence,
            value_on=DAY,
            takes_back=takes_back,
        )

    @rule()
    def due_work_runs(self) -> None:
        """What is due is paid."""
        self.days += 1
        for item, due in self.stated.items():
            own = self.entries.setdefault(item, [])
            own += entries_for(replace(due, value_on=DAY + timedelta(days=self.days)), own)

    @invariant()
    def what_was_paid_is_what_is_due(self) -> None:
        """Once it ran, each party has what the statements give it, and a second run pays nothing."""
        self.due_work_runs()
        for item, due in self.stated.items():
            own = self.entries[item]
            assert entries_for(due, own) == []
            balance = {
                party: sum(one.amount_pence for one in own if one.payee == party)
                - sum(one.amount_pence for one in own if one.payer == party)
                for party in "PQR"
            }
            expected = dict.fromkeys("PQR", 0)
            expected[due.payer] -= due.amount_pence
            expected[due.payee] += due.amount_pence
            assert balance == expected
            assert paid_pence(due.payer, due.payee, own) == due.amount_pence


TestPayments = Payments.TestCase
TestPayments.settings = settings(max_examples=30, stateful_step_count=15)
