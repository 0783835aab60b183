"""Reads the rule packs about exits as at a day, and as known at an instant where a pack was taken back."""

from datetime import date, datetime

from libs.common.process.clock import start_of
from libs.common.rulepacks import RulePack, in_force
from services.contracts.core.errors import NoRuleInForce
from services.contracts.core.packs import PACKS


def pack_on(day: date, *, subject: str, as_known: datetime | None = None) -> RulePack:
    """Return the pack in force on a day, of those known by an instant the one stated last. Raises NoRuleInForce."""
    pack = find_pack(day, subject=subject, as_known=as_known)
    if pack is None:
        raise NoRuleInForce(f"no rule on {subject} is in force on {day.isoformat()}")
    return pack


def find_pack(day: date, *, subject: str, as_known: datetime | None = None) -> RulePack | None:
    """Return the same pack, or None."""
    packs = [
        pack
        for pack in in_force(PACKS, day, subject=subject)
        if as_known is None or pack.stated_at is None or pack.stated_at <= as_known
    ]
    return max(packs, key=_stated, default=None)


def _stated(pack: RulePack) -> datetime:
    return pack.stated_at or start_of(pack.effective_from)
