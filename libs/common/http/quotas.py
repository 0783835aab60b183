"""How many requests one caller may send in a minute: a bucket a caller, which fills again evenly.

The bucket is this process's own. The headers are those of the IETF's draft "RateLimit header fields for HTTP"
(draft-ietf-httpapi-ratelimit-headers-11).
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import monotonic

from libs.common.errors import DomainError

WINDOW_SECONDS = 60
_MOST_CALLERS = 10_000


class QuotaExceeded(DomainError):
    """You send more requests than one caller may.

    Wait the seconds that `Retry-After` names. `RateLimit-Policy` says how many (`q`) you may send in how many seconds
    (`w`), `RateLimit` how many remain (`r`). Ask for larger pages, or follow the events in place of asking again.
    """


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands after a request: the limit, how many requests remain, and when they are all back."""

    limit: int
    remaining: int
    full_in: int
    wait: int = 0
    """Seconds until one more is taken; 0 where this one was."""

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the standing as headers of an answer."""
        told = [
            (b"ratelimit-policy", b'"caller";q=%d;w=%d' % (self.limit, WINDOW_SECONDS)),
            (b"ratelimit", b'"caller";r=%d;t=%d' % (self.remaining, self.full_in)),
        ]
        return [*told, (b"retry-after", b"%d" % self.wait)] if self.wait else told


class Quotas:
    """The buckets of the callers, in the order in which they last came: one number each, when it is full again."""

    def __init__(self, limit: int, *, now: Callable[[], float] = monotonic, most_callers: int = _MOST_CALLERS) -> None:
        self._limit, self._now, self._most_callers = limit, now, most_callers
        self._full_at: OrderedDict[str, float] = OrderedDict()

    @property
    def callers(self) -> int:
        """How many callers are remembered: those whose bucket is not full."""
        return len(self._full_at)

    def take(self, caller: str) -> Standing:
        """Take one request from the caller's bucket, if there is one left."""
        now, one = self._now(), WINDOW_SECONDS / self._limit
        full_at = max(now, self._full_at.get(caller, now))
        # A rounding error must not cost the last request of a full bucket.
        left = round((WINDOW_SECONDS - (full_at - now)) / one, 6)
        if left < 1:
            return Standing(self._limit, 0, ceil(full_at - now), wait=max(1, ceil((1 - left) * one)))
        self._full_at[caller] = full_at + one
        self._full_at.move_to_end(caller)
        self._forget_the_full(now)
        return Standing(self._limit, int(left - 1), ceil(full_at + one - now))

    def _forget_the_full(self, now: float) -> None:
        """Forget whose bucket is full again, and the one that came longest ago where there are too many."""
        while self._full_at:
            first = next(iter(self._full_at))
            if self._full_at[first] > now and len(self._full_at) <= self._most_callers:
                return
            del self._full_at[first]
