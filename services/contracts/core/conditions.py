"""How a contract may be left, and who else takes part in it: as signed, until an amendment changed it from a day."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

import asyncpg
from pydantic import BaseModel, ConfigDict

from services.contracts.core.charges import KNOWN_NOW
from services.contracts.core.codes import OdsCode
from services.contracts.core.exit_terms import ExitTerms
from services.contracts.core.models import Contract


class OtherParty(BaseModel):
    """Who takes part in a contract beside its customers and supplier; it gives no right to read the contract."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    party: OdsCode
    role: Literal["guarantor", "host"]


class ExitConditions(BaseModel):
    """The notice and exit terms of a contract on a day, with its guarantors and hosts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    notice_months: int
    notice_rule: str | None = None
    earliest_exit_on: date | None = None
    exit_terms: ExitTerms | None = None
    other_parties: tuple[OtherParty, ...] = ()

    def as_text(self) -> str:
        """Return the value of the timeline: the same text for the same conditions."""
        return self.model_dump_json()


def conditions_then(day: str, known: str, *, contract: str = "c") -> str:
    """Return SQL for the amended conditions of a contract as text, null as signed, by SQL for the two times."""
    return f"""(SELECT b.value FROM contract_condition_belief b
         WHERE b.subject_id = {contract}.id AND (b.valid @> {day}) IS TRUE AND (b.known @> {known}) IS TRUE)"""  # noqa: S608  (what is put in is ours)


def rules_on(day: str, *, contract: str = "c") -> str:
    """Return SQL that joins `amended`: a contract's amended `conditions` of a day as known now, its months and terms.

    `notice_months` and `exit_terms` in it are those of the day, amended or as signed.
    """
    return f"""CROSS JOIN LATERAL (
       SELECT value AS conditions,
              coalesce((value::jsonb ->> 'notice_months')::int, {contract}.notice_months) AS notice_months,
              CASE WHEN value IS NULL THEN {contract}.exit_terms ELSE value::jsonb -> 'exit_terms' END AS exit_terms
         FROM (SELECT {conditions_then(day, KNOWN_NOW, contract=contract)} AS value) stated OFFSET 0) amended"""  # noqa: S608  (what is put in is ours)


def conditions_in(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions of a day from a row of the signed text, and `amended` where it was; JSON is text in it."""
    if row["amended"] is None:
        terms = row["exit_terms_text"]
        return {
            "exit_terms": json.loads(terms) if terms else None,
            "other_parties": json.loads(row["other_parties_text"]),
        }
    amended: dict[str, Any] = json.loads(row["amended"])
    first = amended["earliest_exit_on"]
    return amended | {"earliest_exit_on": date.fromisoformat(first) if first else None}


_AMENDED = """
SELECT value FROM contract_condition_belief WHERE subject_id = $1 AND valid @> $2::date AND upper_inf(known)
"""


async def conditions_on(connection: asyncpg.Connection, contract: Contract, day: date) -> ExitConditions:
    """Return the conditions of a contract on a day, as believed now."""
    amended: str | None = await connection.fetchval(_AMENDED, contract.id, day)
    if amended is not None:
        return ExitConditions.model_validate_json(amended)
    return ExitConditions.model_validate({name: getattr(contract, name) for name in ExitConditions.model_fields})
