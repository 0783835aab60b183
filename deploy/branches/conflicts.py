"""What a plan touches, and which facts of life that its base did not have meet it.

Commands alone do not see that the base has moved: a second merger of a body is refused, its renaming is not. So what a
plan's steps published, locked, bound or named in a branch is compared with what life published after the base.
"""

import json
import re
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import asyncpg

from libs.common.database.connection import ANSWER_SECONDS, dsn
from libs.common.errors import Reason
from libs.common.events import CATALOGUE
from libs.common.identity import Caller
from libs.common.messaging.event_log import End, is_shown

MOST_NAMED = 50
"""The most conflicting facts of one service that a refusal names; it counts the others."""
_CODE = re.compile(r"[A-Z0-9]{3,12}|[A-Z]{1,3}-[A-Za-z0-9-]+")
"""How codes of organisations (`10H`, `QUA`) and references of records are written; another text is no event's key."""

_WRITTEN = "SELECT correlation, touched FROM write_record WHERE correlation = ANY($1)"
_PUBLISHED = "SELECT name, keys, correlation FROM event_log WHERE position > $1"
# GIN on keys: about a few codes among a million events it reads those of the codes alone.
_AFTER_THE_BASE = """
SELECT position, name, keys, correlation FROM event_log
 WHERE keys && $2 AND position > $1 ORDER BY position
"""
_NAMED = """
SELECT position, name, keys, recorded_at, body FROM event_log WHERE position = ANY($1) ORDER BY position
"""
_CARRIED_OUT = "SELECT step, status, headers, body FROM promoted_step WHERE plan = $1"
_LOG = "SELECT epoch::text, clock_timestamp() AS now FROM sequencer_state"


Foreseen = tuple[str, str, tuple[str, ...], str]
"""An event that the branch had too, of what was agreed before its base: service, name, keys, correlation."""


@dataclass(frozen=True, slots=True)
class Touch:
    """What steps touched, by their numbers, and what else the branch saw happen."""

    codes: Mapping[int, frozenset[str]]
    foreseen: frozenset[Foreseen]


@dataclass(frozen=True, slots=True)
class ConflictingEvent:
    """A fact of life that the base did not have, about something that the plan touches.

    `name` is empty where the caller may not read it: only its keys that the plan has are named then. `others` counts
    the facts of its service that come after it and are not named.
    """

    service: str
    position: int
    name: str
    keys: tuple[str, ...]
    recorded_at: datetime
    others: int = 0

    def reason(self) -> Reason:
        """Return the fact as a reason for a refusal."""
        about = f" about {', '.join(self.keys)}" if self.keys else ""
        named = self.name or "something that the token does not read"
        others = f"; {self.others} after it are not named" if self.others else ""
        return Reason(f"{self.service} {self.position}: {named}{about}, {self.recorded_at:%d.%m.%Y}{others}", "base")


def codes_named(path: str, query: Iterable[tuple[str, str]], body: Any) -> frozenset[str]:
    """Return the codes and references that a request names, in its path, its query or anywhere in its body."""
    texts = [unquote(part) for part in path.split("/")] + [value for _, value in query] + list(_texts(body))
    return frozenset(text for text in texts if _CODE.fullmatch(text))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield key
            yield from _texts(one)
    elif isinstance(value, Sequence):
        for one in value:
            yield from _texts(one)


def is_conflicting(row: Mapping[str, Any], service: str, own: Collection[str], foreseen: Collection[Foreseen]) -> bool:
    """Whether an event about what a plan touches is neither the plan's own nor one that its branch had too."""
    if row["correlation"] in own:
        return False
    return (service, row["name"], tuple(sorted(row["keys"])), row["correlation"]) not in foreseen


async def read_touch(
    branch: Mapping[str, str],
    base: Mapping[str, End],
    named: Mapping[int, frozenset[str]],
    steps: Mapping[str, int],
) -> Touch:
    """Read what a branch's steps touched: `steps` are their numbers by correlation, `named` what their requests name.

    A correlation is carried to all that follows from a step: by reactions of other services, and on the day that it
    made due.
    """
    codes = {number: set(named.get(number, ())) for number in steps.values()}
    foreseen: set[Foreseen] = set()
    for service, url in branch.items():
        async with _connected(url) as connection:
            for row in await connection.fetch(_WRITTEN, list(steps)):
                codes[steps[row["correlation"]]].update(row["touched"])
            for row in await connection.fetch(_PUBLISHED, base[service].position):
                if (number := steps.get(row["correlation"])) is not None:
                    codes[number].update(row["keys"])
                else:
                    foreseen.add((service, row["name"], tuple(sorted(row["keys"])), row["correlation"]))
    return Touch({number: frozenset(found) for number, found in codes.items()}, frozenset(foreseen))


async def read_conflicts(
    life: Mapping[str, str],
    base: Mapping[str, End],
    codes: Collection[str],
    *,
    own: Collection[str],
    foreseen: Collection[Foreseen],
    visible_to: Caller,
) -> list[ConflictingEvent]:
    """Return the facts of life after the base about these codes, but for the plan's own and for those foreseen.

    `own` are the correlations of the plan's steps. At most MOST_NAMED of each service, the last with the number of the
    others. Also a fact where a log was restored from a backup since: what it had after the base is not known.
    """
    facts: list[ConflictingEvent] = []
    for service, url in life.items():
        async with _connected(url) as connection:
            log = await connection.fetchrow(_LOG)
            if log is not None and base[service].epoch not in ("", log["epoch"]):
                facts.append(
                    ConflictingEvent(
                        service, base[service].position, "a restore of its log from a backup", (), log["now"]
                    )
                )
            rows = await connection.fetch(_AFTER_THE_BASE, base[service].position, sorted(codes))
            conflicting = [row["position"] for row in rows if is_conflicting(row, service, own, foreseen)]
            named = await connection.fetch(_NAMED, conflicting[:MOST_NAMED])
            facts.extend(_fact(service, row, codes, visible_to) for row in named)
            if len(conflicting) > MOST_NAMED:
                facts[-1] = replace(facts[-1], others=len(conflicting) - MOST_NAMED)
    return facts


def _fact(service: str, row: asyncpg.Record, codes: Collection[str], visible_to: Caller) -> ConflictingEvent:
    restricted = frozenset(name for (name, _), kind in CATALOGUE.items() if kind.parties_only)
    if is_shown(row, restricted, visible_to):
        return ConflictingEvent(service, row["position"], row["name"], tuple(sorted(row["keys"])), row["recorded_at"])
    return ConflictingEvent(service, row["position"], "", tuple(sorted({*row["keys"]} & {*codes})), row["recorded_at"])


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    settings = {"application_name": "footprint plans", "default_transaction_read_only": "on"}
    connection = await asyncpg.connect(dsn(url), server_settings=settings, timeout=ANSWER_SECONDS)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What a service of life answered to a step of a plan."""

    status: int
    location: str | None
    body: bytes


async def read_carried_out(urls: Collection[str], plan_key: str) -> dict[int, CarriedOut]:
    """Return the answers that services stored with a plan's steps, each in its command's transaction, by number."""
    found: dict[int, CarriedOut] = {}
    for url in urls:
        async with _connected(url) as connection:
            for row in await connection.fetch(_CARRIED_OUT, plan_key):
                location = json.loads(row["headers"]).get("location")
                found[row["step"]] = CarriedOut(row["status"], location, row["body"])
    return found
