"""An organisation read by code is answered the same below FastAPI and by its route, whatever is asked."""

from tests.support.builders import a_ccg
from tests.support.edge import Tokens
from tests.support.hot_reads import Asked, two_ways, with_each_header, with_each_parameter
from tests.support.registry_client import RegistryClient

_TEMPLATE = "/v1/organisations/{code}"


async def test_a_read_by_code_is_answered_the_same_in_both_ways(
    registry: RegistryClient, url: str, tokens: Tokens
) -> None:
    opened = await registry.send("POST", "/organisations", json=a_ccg("10Y"))
    assert opened.status_code == 201
    good = Asked("/v1/organisations/10Y")
    async with two_ways("registry", registry.app, tokens, url) as ways:
        for asked in (good, Asked(good.path, params=[("as_at", "2018-04-01"), ("sightings", "true")])):
            assert (await ways.agree(asked)).status_code == 200
        assert ways.left == [False, False]
        for asked in (*with_each_parameter("registry", good, _TEMPLATE), *with_each_header(good)):
            await ways.agree(asked)
        for path in ("ZZZ", "10y", "bad%20code", "%00", "10Y/", "", "batch", "10Y%2Fhistory", "%F0%9F%98%80"):
            await ways.agree(Asked(f"/v1/organisations/{path}"))
        for method in ("HEAD", "POST", "DELETE", "OPTIONS", "PATCH"):
            await ways.agree(Asked(good.path, method))
        assert 5 < sum(ways.left) < len(ways.left) - 5
