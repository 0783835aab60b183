"""Raises and clears findings, each once, however often it is found."""

from libs.common.findings import NewFinding
from services.contracts.findings.models import FINDINGS

__all__ = ["NewFinding", "clear_findings", "raise_findings"]

raise_findings, clear_findings = FINDINGS.raise_all, FINDINGS.clear_all
