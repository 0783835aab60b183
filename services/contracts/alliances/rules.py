"""Rules of alliances: pure functions over terms, votes and figures. Amounts are pence; a negative one is a pain."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from libs.common.errors import DomainError, Reason
from libs.common.money import apportion, nearest_penny
from services.contracts.alliances.errors import NotUnanimous, PeriodAmiss, WeightsNotWhole
from services.contracts.payments.rules import DueItem, bring_to

GAIN, PAIN = "gain", "pain"
KINDS = [GAIN, PAIN]


@dataclass(frozen=True, slots=True)
class Vote:
    """A member's vote, in the order in which they were stated."""

    member: str
    agrees: bool
    voted_on: date
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class Proposed:
    """Terms with the votes on them; `asked` are the members whose consent they need."""

    id: int
    number: int
    payer: str
    target_pence: int
    share: Fraction
    weights: Mapping[str, Fraction]
    effective_on: date
    stated_at: datetime
    asked: tuple[str, ...]
    votes: tuple[Vote, ...] = ()

    @property
    def agreed_at(self) -> datetime | None:
        """The instant of the vote by which all had agreed; what was stated after it does not count. None: not yet."""
        latest: dict[str, bool] = {}
        for vote in self.votes:
            latest[vote.member] = vote.agrees
            if all(latest.get(member, False) for member in self.asked):
                return vote.stated_at
        return None

    @property
    def against(self) -> list[str]:
        """Those who said no last."""
        latest = {vote.member: vote.agrees for vote in self.votes}
        return sorted(member for member in self.asked if latest.get(member) is False)

    @property
    def silent(self) -> list[str]:
        """Those who have not answered: that is no consent."""
        voted = {vote.member for vote in self.votes}
        return sorted(member for member in self.asked if member not in voted)


def asked_for(weights: Iterable[str], payer: str, before: Proposed | None) -> tuple[str, ...]:
    """Return whose consent terms need: their members' and payer's, and those of the terms that they would replace."""
    return tuple(sorted({*weights, payer, *((*before.weights, before.payer) if before else ())}))


def in_force(all_terms: Sequence[Proposed], day: date) -> Proposed | None:
    """Return the terms of a day: the last ones agreed among those that have begun."""
    agreed = [one for one in all_terms if one.agreed_at is not None and one.effective_on <= day]
    return max(agreed, key=lambda one: (one.effective_on, one.number), default=None)


def is_member_of(terms: Proposed, codes: Collection[str]) -> bool:
    """Whether terms name one of these as a member or as who pays."""
    return not {*terms.weights, terms.payer}.isdisjoint(codes)


def reads_as_member(all_terms: Sequence[Proposed], codes: Collection[str], day: date) -> bool:
    """Whether a member that is no party of the contract reads the alliance as at a day.

    It does on the days on which terms in force name it, and while terms that name it wait for votes or for their first
    day. A proposal that later terms have overtaken shows it nothing.
    """
    current = in_force(all_terms, day)
    if current is not None and is_member_of(current, codes):
        return True
    agreed = max((one.number for one in all_terms if one.agreed_at is not None), default=0)
    return any(
        is_member_of(one, codes) and (one.effective_on > day if one.agreed_at is not None else one.number > agreed)
        for one in all_terms
    )


def why_not_whole(weights: Mapping[str, Fraction]) -> list[DomainError]:
    """Return the refusal of weights that do not make up the whole."""
    total = sum(weights.values(), Fraction(0))
    if total == 1:
        return []
    message = f"the weights make {total}, not 1"
    return [WeightsNotWhole(message, reasons=[Reason(message, "weights")])]


def why_not_settled(
    all_terms: Sequence[Proposed], first: date, last: date, periods: Iterable[tuple[date, date]], *, today: date
) -> list[DomainError]:
    """Return every reason why a period cannot be settled."""
    found: list[DomainError] = []
    current = in_force(all_terms, first)
    if current is None or in_force(all_terms, last) is not current:
        found.append(_not_unanimous(all_terms, first, last))
    for begun, ended in periods:
        if begun <= last and first <= ended and (begun, ended) != (first, last):
            message = f"{begun} to {ended} was settled"
            found.append(PeriodAmiss(message, reasons=[Reason(message, "period_from")]))
    if last >= today:
        message = f"the period has not ended: its last day is {last}"
        found.append(PeriodAmiss(message, reasons=[Reason(message, "period_to")]))
    return found


def _not_unanimous(all_terms: Sequence[Proposed], first: date, last: date) -> NotUnanimous:
    waiting = [one for one in all_terms if one.agreed_at is None]
    reasons = [
        Reason(f"terms {one.number}: {member} {said}", "period_from")
        for one in waiting[-1:]
        for said, members in (("is against", one.against), ("has not answered", one.silent))
        for member in members
    ]
    return NotUnanimous(f"no terms are in force for all of {first} to {last}", reasons=reasons)


def settle(terms: Proposed, actual_pence: int) -> dict[str, int]:
    """Return each member's part of what a period cost less than its target; negative where it cost more.

    The part that is shared, to the nearest penny, is divided by the weights with the largest remainder: the sum is
    exact. A target of £10.0m, a share of one half and weights of 50, 30 and 20 in the hundred make of £9.2m £200,000,
    £120,000 and £80,000.
    """
    difference = terms.target_pence - actual_pence
    whole = nearest_penny(terms.share * abs(difference))
    members = sorted(terms.weights)
    parts = apportion(whole, [terms.weights[member] for member in members])
    return {member: part if difference >= 0 else -part for member, part in zip(members, parts, strict=True)}


def due_items(
    reference: str, payer: str, amounts: Mapping[str, int], first: date, due_on: date, due: Sequence[DueItem] = ()
) -> list[DueItem]:
    """Return what has to fall due beside what did: a gain from the payer to the member, a pain the other way.

    One item a member and period, so that a period stated again corrects it, also where a successor pays by then. Of a
    member whom other terms have left out since, nothing remains due of the period.
    """
    period = f"{reference}/alliance/{first}/"
    before = {one.item.removeprefix(period): 0 for one in due if one.item.startswith(period) and not one.corrects}
    gains = (
        DueItem(
            item=f"{period}{member}",
            kind=GAIN if amount >= 0 else PAIN,
            payer=payer,
            payee=member,
            amount_pence=amount,
            due_on=due_on,
        )
        for member, amount in {**before, **amounts}.items()
        if member != payer
    )
    return [_positive(item) for gain in gains if (item := bring_to(gain, due)) is not None]


def _positive(item: DueItem) -> DueItem:
    """Return an item whose amount is not negative: a negative gain is paid by the member."""
    if item.amount_pence >= 0:
        return item
    return replace(item, payer=item.payee, payee=item.payer, amount_pence=-item.amount_pence)
