"""`can` is answered the same below FastAPI and by its route, whatever is asked."""

import json

from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import GovernanceHarness
from tests.support.hot_reads import Asked, two_ways, with_each_body, with_each_header, with_each_parameter

_PATH = "/v1/questions/can"
_QUESTION = {"organisation": "10H", "post": "10H/chair", "action": "contract.award.payroll", "value_pence": 5}


async def test_can_is_answered_the_same_in_both_ways(harness: GovernanceHarness, url: str, tokens: Tokens) -> None:
    await harness.bucks()
    await harness.grant("10H", value_limit_pence=None, recurrent=True)
    body, headers = json.dumps(_QUESTION).encode(), {"Content-Type": "application/json"}
    good = Asked(_PATH, "POST", [("as_at", "2013-04-01")], body, headers)
    bus = DirectBus(dict.fromkeys(("registry", "contracts", "finance"), url))
    async with (
        running_service("governance", tokens.settings(url), bus) as (app, _),
        two_ways("governance", app, tokens, url) as ways,
    ):
        assert (await ways.agree(good)).status_code == 200
        assert ways.left == [False]
        for asked in (
            *with_each_parameter("governance", good, _PATH),
            *with_each_header(good),
            *with_each_body(good),
            *(Asked(_PATH, method) for method in ("GET", "HEAD", "PUT", "OPTIONS")),
        ):
            await ways.agree(asked)
        assert 5 < sum(ways.left) < len(ways.left) - 5
    await bus.close()
