"""Reads the functions and charges of a contract as at a day: as signed, until an amendment changed them."""

import json
from datetime import date
from typing import Any, Final

import asyncpg

from services.contracts.core.models import Contract

KNOWN_NOW: Final = "'infinity'::timestamptz"
"""SQL: the instant at which what is known now is known."""


def lines_then(day: str, known: str, *, contract: str = "c") -> str:
    """Return SQL for the lines of a contract, as JSON in order of their functions, by SQL for the two times."""
    return f"""coalesce(
       (SELECT b.value::jsonb FROM contract_terms_belief b
         WHERE b.subject_id = {contract}.id AND (b.valid @> {day}) IS TRUE AND (b.known @> {known}) IS TRUE),
       (SELECT jsonb_agg(jsonb_build_object('function', l.function, 'annual_pence', l.annual_pence)
                         ORDER BY l.function) FROM contract_line l WHERE l.contract_id = {contract}.id))"""  # noqa: S608  (what is put in is ours)


def pence_then(day: str, known: str, *, contract: str = "c") -> str:
    """Return SQL for the charge of all lines a year, by SQL for the two times."""
    lines = lines_then(day, known, contract=contract)
    return f"(SELECT sum((one ->> 'annual_pence')::bigint)::bigint FROM jsonb_array_elements({lines}) AS one)"  # noqa: S608  (what is put in is ours)


_AMENDED = """
SELECT value FROM contract_terms_belief WHERE subject_id = $1 AND valid @> $2::date AND upper_inf(known)
"""


async def charges_on(connection: asyncpg.Connection, contract: Contract, day: date) -> dict[str, int]:
    """Return the charge a year of each function of a contract on a day, as known now, by function."""
    row = await connection.fetchrow(_AMENDED, contract.id, day)
    if row is None:
        return {line.function: line.annual_pence for line in sorted(contract.lines, key=lambda one: one.function)}
    return {line["function"]: line["annual_pence"] for line in json.loads(row["value"])}


def as_text(charges: dict[str, int]) -> str:
    """Return the value of the timeline of terms: the same text for the same lines."""
    lines: list[dict[str, Any]] = [{"function": code, "annual_pence": charges[code]} for code in sorted(charges)]
    return json.dumps(lines, separators=(",", ":"))
