"""Schedules of the rule packs, for the tests of the arithmetic."""

from pathlib import Path

from libs.common.rulepacks import load_packs
from services.finance.appraisals.discounting import schedule_of

RULES = Path("services/finance/rules")
PACKS = {pack.id: pack for pack in load_packs(RULES)}
STANDARD = schedule_of(PACKS["green-book-2022-standard"])
HEALTH = schedule_of(PACKS["green-book-2022-health"])
LOWER = schedule_of(PACKS["green-book-2026-lower-rate"])
REVIEW = schedule_of(PACKS["discount-rate-review-2026"])
