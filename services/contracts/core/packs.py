"""Contracts' rule packs: law, periods and thresholds, dated and cited."""

from pathlib import Path

from libs.common.rulepacks import load_packs

PACKS = load_packs(Path(__file__).parents[1] / "rules")
