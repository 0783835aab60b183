"""What becomes of an offer by the thresholds of the day: a pure function of it and of others from the same source."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from libs.common.rulepacks import in_force
from libs.common.temporal.months import after_months
from services.governance.core.catalogue import packs_about
from services.governance.gifts.models import GiftKind, GiftOutcome, GiverKind, Response

SUBJECT = "gifts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a person was offered, by whom, on which day, and what was done."""

    reference: str
    person: str
    organisation: str
    kind: GiftKind
    giver_kind: GiverKind
    giver: str
    promotional: bool
    value_pence: int
    offered_on: date
    response: Response
    approved: bool


@dataclass(frozen=True, slots=True)
class Treatment:
    """What becomes of an offer, by a rule pack; without one, or without a rule in it, it is not known.

    `total_pence` is the value that counts, with those of `added_up`.
    """

    outcome: GiftOutcome | None
    declare: bool | None
    total_pence: int
    added_up: tuple[str, ...]
    pack: str | None
    in_line: bool | None
    """Whether what was done is what the rule asks for; None where that is not known."""


def treat(offer: Offer, others: Iterable[Offer], *, as_known: datetime | None = None) -> Treatment:
    """Return what becomes of an offer; `others` are those of the same person and source, of any day."""
    packs = in_force(packs_about(SUBJECT), offer.offered_on, subject=SUBJECT, as_known=as_known)
    pack = packs[0].id if packs else None
    rule = next((one for one in packs[0].values["rules"] if _is_for(one, offer)), None) if packs else None
    if rule is None:
        return Treatment(None, None, offer.value_pence, (), pack, None)
    added = sorted((one.offered_on, one.reference, one.value_pence) for one in others if _adds_to(one, offer, rule))
    total = offer.value_pence + sum(pence for _, _, pence in added)
    tier = next(one for one in rule["tiers"] if total <= one.get("up_to_pence", total))
    outcome = GiftOutcome(tier["outcome"])
    references = tuple(reference for _, reference, _ in added)
    return Treatment(outcome, tier["declare"], total, references, pack, _in_line(outcome, offer))


def _is_for(rule: Mapping[str, Any], offer: Offer) -> bool:
    of_giver = rule["giver"] in {"", offer.giver_kind}
    promotional = offer.promotional and offer.kind is GiftKind.GIFT and offer.giver_kind is GiverKind.SUPPLIER
    return bool(rule["kind"] == offer.kind and of_giver and rule["promotional"] == promotional)


def _adds_to(other: Offer, offer: Offer, rule: Mapping[str, Any]) -> bool:
    """Whether another offer counts with this one: accepted, from the same source, in the months up to its day."""
    months = rule.get("add_up_months")
    if months is None or not offer.giver or other.reference == offer.reference:
        return False
    same = (other.person, other.giver, other.kind) == (offer.person, offer.giver, offer.kind)
    within = after_months(offer.offered_on, -months) < other.offered_on <= offer.offered_on
    return same and within and other.response is not Response.DECLINED and _is_for(rule, other)


def _in_line(outcome: GiftOutcome, offer: Offer) -> bool | None:
    if offer.response is Response.DECLINED or outcome in (GiftOutcome.KEEP, GiftOutcome.ACCEPT):
        return True
    if outcome is GiftOutcome.ORGANISATION_ONLY:
        return offer.response is Response.FOR_ORGANISATION
    if outcome is GiftOutcome.REFUSE_UNLESS_APPROVED:
        return offer.approved
    return False if outcome is GiftOutcome.DECLINE else None
