"""Whether a merger, a closing or another commissioner for a body would leave a practice or an area uncovered."""

from collections.abc import Collection, Sequence
from datetime import date

import asyncpg

from libs.common.errors import Reason
from libs.common.temporal import Days
from services.registry.cover import against_lists, reasons_against_list, records_of
from services.registry.cover_rules import Listed, after_a_succession, reasons_against
from services.registry.kinds import Kind
from services.registry.standings import Standing


async def reasons_against_merger(
    connection: asyncpg.Connection,
    successor: str,
    predecessors: Collection[str],
    effective_on: date,
    *,
    practices: Sequence[str] | None = None,
    areas: Sequence[str] | None = None,
) -> list[Reason]:
    """Return a reason for each practice and area that a merger of CCGs would leave in none, or in two.

    Without lists the successor takes over all that its predecessors cover. With them it covers exactly what they name:
    what a predecessor covers and they leave out would be in none, what another body covers and they name in two.
    The caller has locked the organisations.
    """
    lists = {}
    if practices is not None or areas is not None:
        lists[successor] = Listed(
            None if practices is None else frozenset(practices), None if areas is None else frozenset(areas)
        )
    records = await records_of(connection, lists, effective_on, others={successor, *predecessors})
    after = after_a_succession(
        records.commissioners(),
        effective_on,
        closed=predecessors,
        successors=[Standing(successor, Kind.CCG, ((Days(effective_on), "open"),))],
    )
    return [
        *reasons_against_list("practices", practices or (), records, effective_on, place="practices"),
        *reasons_against_list("areas", areas or (), records, effective_on, place="areas"),
        *against_lists(records, lists, effective_on, after=after),
    ]


async def reasons_against_closing(connection: asyncpg.Connection, code: str, effective_on: date) -> list[Reason]:
    """Return a reason for each practice and area that would be in none if nobody followed the body that closes.

    The caller has locked the organisation.
    """
    records = await records_of(connection, {}, effective_on, others=[code])
    after = after_a_succession(records.commissioners(), effective_on, closed=[code], successors=[])
    return against_lists(records, {}, effective_on, after=after)


async def reasons_against_parent(
    connection: asyncpg.Connection, code: str, parent: str, effective_on: date
) -> list[Reason]:
    """Return the reason against another parent for a body, if it is a practice that would then be in no commissioner.

    The caller has locked the body.
    """
    lists = {parent: Listed(practices=frozenset([code]))}
    records = await records_of(connection, lists, effective_on)
    before = records.commissioners()
    moved = [one.subject() for one in records.practices.values() if one.standing.code == code]
    return reasons_against("practices", moved, before, before, lists, effective_on)
