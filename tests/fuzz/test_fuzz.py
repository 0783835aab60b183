"""Whatever is asked of a service, the answer is no fault and is one that its OpenAPI document tells of."""

import pytest

from libs.common.identity import Role
from tests.common.edge import Tokens
from tests.fuzz.fuzzing import fuzz, lasting_token
from tests.platform import Platform

EXAMPLES = {"registry": 20, "contracts": 10, "finance": 10, "governance": 10}


@pytest.mark.parametrize("service", EXAMPLES)
async def test_no_answer_of_a_service_is_a_fault_or_outside_its_schema(
    platform: Platform, tokens: Tokens, service: str
) -> None:
    app = platform.apps[service]
    outcome = await fuzz(app, lasting_token(tokens, *Role), examples=EXAMPLES[service])
    assert outcome.code == 0, outcome.report
    operations = sum(len(methods) for methods in app.openapi()["paths"].values())
    assert f"Tested: {operations}\n" in outcome.report, outcome.report
