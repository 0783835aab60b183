"""A decision on a plan to consolidate."""

from typing import Any

import pytest

from tests.governance.dossiers.test_dossiers import BODY, ON, hear
from tests.governance.subjects.test_subjects import a_life
from tests.support.governance_harness import GovernanceHarness


@pytest.fixture
async def plan(harness: GovernanceHarness) -> tuple[GovernanceHarness, str]:
    """10H's governing body approved the plan PL-1 by the case C-1."""
    await harness.bucks()
    await harness.hear(a_life()[0])
    await hear(harness, "planned", "case")
    await harness.grant("10H", function=None, action="consolidation", recurrent=True, value_limit_pence=None)
    asked: dict[str, Any] = {"kind": "consolidation", "action": "consolidation.commit", "subject": "PL-1"}
    proposal = await harness.propose("10H", on=ON, case="C-1", case_version=1, recurrent=True, **asked)
    return harness, await harness.decide(proposal, BODY, on=ON)
