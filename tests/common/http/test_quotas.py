"""The quota of a caller: a bucket that fills evenly, one for each, with what remains told in each answer."""

from hypothesis import given
from hypothesis import strategies as st

from libs.common.http.quotas import WINDOW_SECONDS, Quotas
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.service.app import create_service
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import url

__all__ = ["tokens", "url"]


class Moment:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_full_bucket_gives_its_limit_at_once_and_then_one_at_a_time() -> None:
    now = Moment()
    quotas = Quotas(6, now=now)
    assert [quotas.take("a").remaining for _ in range(6)] == [5, 4, 3, 2, 1, 0]
    refused = quotas.take("a")
    assert (refused.wait, refused.remaining, refused.full_in) == (10, 0, 60)
    now.seconds = 9.5
    assert quotas.take("a").wait == 1
    now.seconds = 10
    assert (quotas.take("a").wait, quotas.take("a").wait) == (0, 10)
    assert quotas.take("b").remaining == 5


@given(
    limit=st.integers(1, 12),
    pauses=st.lists(st.integers(0, 5_000).map(lambda each: each / 100), min_size=1, max_size=40),
)
def test_no_window_has_more_than_twice_the_limit_and_whoever_waits_as_told_is_served(
    limit: int, pauses: list[float]
) -> None:
    now = Moment()
    quotas, served = Quotas(limit, now=now), list[float]()
    for pause in pauses:
        now.seconds += pause
        standing = quotas.take("a")
        assert 0 <= standing.remaining < limit
        if standing.wait:
            now.seconds += standing.wait
            assert not quotas.take("a").wait
        served.append(now.seconds)
    for began in served:
        within = [at for at in served if began <= at < began + WINDOW_SECONDS]
        assert len(within) <= 2 * limit


def test_callers_whose_buckets_are_full_again_are_forgotten_and_so_is_the_oldest_of_too_many() -> None:
    now = Moment()
    quotas = Quotas(60, now=now, most_callers=3)
    for caller in "abcd":
        quotas.take(caller)
    assert quotas.callers == 3
    now.seconds = 30
    quotas.take("e")
    assert quotas.callers == 1


async def test_a_caller_above_the_quota_is_refused_and_another_is_not(url: str, tokens: Tokens) -> None:
    app = create_service(sample_service.SERVICE, tokens.settings(url, requests_a_minute=3), DirectBus({}))
    async with running(app, tokens.header(Role.REGISTRAR)) as client:
        answers = [await client.get("/v1/beacons") for _ in range(4)]
        assert [one.status_code for one in answers] == [200, 200, 200, 429]
        assert [one.headers["RateLimit"].split(";t=")[0] for one in answers] == [
            f'"caller";r={left}' for left in (2, 1, 0, 0)
        ]
        refused = answers[-1]
        assert refused.headers["RateLimit-Policy"] == '"caller";q=3;w=60'
        assert 1 <= int(refused.headers["Retry-After"]) <= 20
        assert refused.json()["type"].endswith("/quota-exceeded")
        other = tokens.header(Role.REGISTRAR, subject="another")
        assert (await client.get("/v1/beacons", headers=other)).status_code == 200
        # Probes need no token and have no quota.
        assert "RateLimit" not in (await client.get("/health/live")).headers
