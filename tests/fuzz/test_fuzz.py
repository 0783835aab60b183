"""Whatever is asked of a service, the answer is no fault and is one that its OpenAPI document tells of."""

import pytest

from libs.common.identity import Role
from tests.fuzz.fuzzing import fuzz, lasting_token
from tests.support.edge import Tokens
from tests.support.platform import Platform

REQUESTS = {"registry": 200, "contracts": 120, "finance": 150, "governance": 200}
"""How many random requests a service gets; with the odd ones of each operation the registry takes most of a minute."""


@pytest.mark.parametrize("service", REQUESTS)
async def test_no_answer_of_a_service_is_a_fault_or_outside_its_schema(
    platform: Platform, tokens: Tokens, service: str
) -> None:
    app = platform.apps[service]
    operations = sum(len(methods) for methods in app.openapi()["paths"].values())
    outcome = await fuzz(app, lasting_token(tokens, *Role), examples=1 + REQUESTS[service] // operations)
    assert outcome.code == 0, outcome.report
    assert f"Tested: {operations}\n" in outcome.report, outcome.report
