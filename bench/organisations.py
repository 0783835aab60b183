"""Fills a registry for measurements: two thousand organisations with changed names, and mergers among them."""

from datetime import UTC, date, datetime
from itertools import cycle

from libs.common.database.connection import Database, raw
from libs.common.events import Event
from libs.common.events.registry import CCGMerged, OrganisationOpened, OrganisationRenamed
from services.registry.core import recording

CODES = [f"B{number:04d}" for number in range(2_000)]
_STATED = datetime(2013, 1, 1, tzinfo=UTC)
_BATCH = 500
_MERGED = 40

_MERGERS = """
WITH made AS (
    INSERT INTO merger (reference, successor, successor_name, predecessors, status, effective_on, rule_pack, version)
    SELECT 'M-' || s, s, 'NHS ' || s, ARRAY[p1, p2], 'carried_out', date '2018-04-01', 'bench', 2
      FROM unnest($1::text[], $2::text[], $3::text[]) AS new (s, p1, p2)
    RETURNING id)
INSERT INTO merger_plan (merger_id, number, status, effective_on, stated_at, stated_by)
SELECT id, 1, 'carried_out', date '2018-04-01', timestamptz '2018-01-01', 'bench' FROM made
"""


async def fill(database: Database) -> None:
    """State and tell everything, as the registry's own commands do."""
    for start in range(0, len(CODES), _BATCH):
        codes = CODES[start : start + _BATCH]
        async with database.begin() as session:
            await recording.introduce(session, codes)
            events: list[Event] = [event for code in codes for event in _life(code)]
            await recording.record(session, events, source="bench", by="bench")
    parts = cycle(CODES)
    trios = [(next(parts), next(parts), next(parts)) for _ in range(_MERGED)]
    async with database.begin() as session:
        merged = [
            CCGMerged(
                merger=f"M-{successor}",
                successor=successor,
                successor_name=f"NHS {successor}",
                predecessors=(first, second),
                effective_on=date(2018, 4, 1),
                stated_at=datetime(2018, 1, 1, tzinfo=UTC),
            )
            for successor, first, second in trios
        ]
        await recording.record(session, merged, source="bench", by="bench")
        columns = [list(column) for column in zip(*trios, strict=True)]
        await (await raw(session)).execute(_MERGERS, *columns)


def _life(code: str) -> list[Event]:
    return [
        OrganisationOpened(
            code=code, name=f"NHS {code} CCG", kind="ccg", effective_on=date(2013, 4, 1), stated_at=_STATED
        ),
        OrganisationRenamed(
            code=code,
            new_name=f"NHS {code} and District CCG",
            effective_on=date(2016, 4, 1),
            stated_at=datetime(2016, 1, 1, tzinfo=UTC),
        ),
    ]
