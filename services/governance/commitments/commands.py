"""Records consultations and reports of pressure; raises and clears, as due work, the findings about commitments."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

import asyncpg
from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.findings import in_order_of_days
from libs.common.identity import Caller
from libs.common.rulepacks import in_force
from libs.common.temporal.days import WrittenDay
from services.governance.commitments.errors import NotACommitment, NotAReporter
from services.governance.commitments.models import CoercionReport, CommitmentConsultation, CommitmentConsulted
from services.governance.core.acts import must_decide_for, new_act, paper_refusals
from services.governance.core.catalogue import PACKS
from services.governance.core.codes import Command, Document, Note, OrganisationCode, PrivateWords
from services.governance.core.errors import refuse
from services.governance.core.members import lives_on
from services.governance.core.models import known
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind

ContractReference = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$", max_length=140, examples=["SHADOW-2012"])
]
_CUSTOMERS = """
SELECT customers FROM known_commitment WHERE contract = $1 AND what = 'made' ORDER BY stated_at DESC LIMIT 1
"""

# Over: signed since by ratification, lapsed, or ratified by decisions that stand of each body that was not established.
# `decided_by` are those that such decisions bind.
_COMMITMENTS = """
SELECT DISTINCT ON (k.contract) k.contract, k.customers, k.not_established, k.signed_on,
       EXISTS (SELECT FROM known_commitment l WHERE l.contract = k.contract AND l.what = 'lapsed'
                  AND l.effective_on <= $1) AS lapsed,
       EXISTS (SELECT FROM known_commitment s WHERE s.contract = k.contract AND s.what = 'signed') AS signed,
       ARRAY(SELECT DISTINCT unnest(d.binds) FROM decision d
              WHERE d.subject = k.contract AND d.action = 'contract.ratify' AND d.outcome <> 'rejected'
                AND d.taken_on <= $1
                AND NOT EXISTS (SELECT FROM decision_reversal r
                                 WHERE r.decision = d.id AND r.effective_on <= $1)) AS decided_by,
       EXISTS (SELECT FROM commitment_consultation c
                WHERE c.contract = k.contract AND c.consulted_on <= $1) AS consulted
  FROM known_commitment k
 WHERE k.what = 'made' AND k.signed_on <= $1
 ORDER BY k.contract, k.stated_at DESC
"""
_OPEN = "SELECT key FROM finding WHERE kind = ANY($1) AND cleared_at IS NULL"
_KINDS = (FindingKind.PRE_STATUTORY, FindingKind.NO_CONSULTATION)


class ConsultOnCommitment(Command):
    """Whom an organisation consulted on a commitment."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "10H",
                    "consulted": "lmc",
                    "consulted_on": "2012-07-02",
                    "document": "Letter of the LMC, 2 July 2012",
                }
            ]
        }
    )

    organisation: OrganisationCode
    consulted: CommitmentConsulted
    consulted_on: WrittenDay
    note: Note = None
    document: Document = None


class LodgeReport(Command):
    """A practice's or local medical committee's report of pressure. Nothing is published of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "reporter": "K82001",
                    "about": "10H",
                    "occurred_on": "2012-06-14",
                    "words": "Sign by Friday, or stand alone.",
                }
            ]
        }
    )

    reporter: OrganisationCode
    about: Annotated[OrganisationCode, Field(description="Who put pressure on it.")]
    contract: Annotated[
        str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._/-]*)?$", max_length=140, description="The commitment, if any.")
    ] = ""
    occurred_on: WrittenDay
    words: PrivateWords


async def record_consultation(
    session: AsyncSession, contract: str, command: ConsultOnCommitment, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Record that practices or their committee were consulted. Raises NotACommitment, NotYoursToDecide."""
    connection = await raw(session)
    await must_decide_for(connection, command.organisation, by=by, today=today)
    customers = await connection.fetchval(_CUSTOMERS, contract)
    if command.organisation not in (customers or ()):
        message = f"no commitment {contract} of {command.organisation} is known"
        raise NotACommitment(message, reasons=[Reason(message, "organisation")])
    refuse(
        paper_refusals(
            command.consulted_on, field="consulted_on", document=command.document, today=today, stated_at=stated_at
        )
    )
    session.add(
        CommitmentConsultation(
            contract=contract,
            organisation=command.organisation,
            consulted=command.consulted.value,
            consulted_on=command.consulted_on,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
    what = (command, "consultation recorded", contract, command.consulted_on)
    session.add(new_act(*what, organisation=command.organisation, by=by, stated_at=stated_at))


async def lodge_report(
    session: AsyncSession, command: LodgeReport, *, by: Caller, today: date, stated_at: datetime
) -> CoercionReport:
    """Lodge a report of pressure for the reviewer. It raises no finding, publishes nothing and delays nothing.

    Raises NotYoursToDecide, NotAReporter.
    """
    connection = await raw(session)
    await must_decide_for(connection, command.reporter, by=by, today=today)
    kinds = [kind for pack in in_force(PACKS, today, subject="coercion-reports") for kind in pack.values["reporters"]]
    kind = (await known.status(connection, command.reporter, as_at=today)).kind
    if kind not in kinds:
        message = f"{command.reporter} is of the kind {kind or 'unknown'}"
        raise NotAReporter(message, reasons=[Reason(message, "reporter")])
    report = CoercionReport(
        id=f"CR-{uuid.uuid4()}",
        reporter=command.reporter,
        about=command.about,
        contract=command.contract,
        occurred_on=command.occurred_on,
        words=command.words,
        lodged_on=today,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(report)
    await session.flush()
    return report


@in_order_of_days("commitments")
async def find_commitments(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work is called with it)
) -> int:
    """Raise and clear the findings about commitments so that they are as on a day; return how many changed."""
    connection = await raw(session)
    rows = await connection.fetch(_COMMITMENTS, up_to)
    there = await lives_on(connection, {code for row in rows for code in row["not_established"]}, on=up_to)
    settled = [(row, _settled(row, there)) for row in rows]
    is_open = {row["key"] for row in await connection.fetch(_OPEN, [kind.value for kind in _KINDS])}
    done = await raise_findings(
        session,
        [one for row, reasons in settled for one in _findings(row, reasons) if one.key not in is_open],
        stated_at=stated_at,
    )
    for reason in ("lapsed", "ratified", "consulted"):
        keys = [f"{kind}:{row['contract']}" for row, reasons in settled for kind in _KINDS if reasons[kind] == reason]
        past = is_open.intersection(keys)
        done += await clear_findings(session, past, on=up_to, reason=reason, stated_at=stated_at)
    return done


def _settled(row: asyncpg.Record, there: Mapping[str, str]) -> dict[FindingKind, str]:
    """Return by what the need of each finding is settled, empty where it is not; `there` is who a body lives on in.

    The successor of a body decides for it.
    """
    decided = set(row["decided_by"])
    is_ratified = row["signed"] or all({code, there[code]} & decided for code in row["not_established"])
    over = "lapsed" if row["lapsed"] else "ratified" if is_ratified else ""
    return {
        FindingKind.PRE_STATUTORY: over,
        FindingKind.NO_CONSULTATION: over or ("consulted" if row["consulted"] else ""),
    }


def _findings(row: asyncpg.Record, settled: Mapping[FindingKind, str]) -> list[NewFinding]:
    absent = ", ".join(row["not_established"])
    texts = {
        FindingKind.PRE_STATUTORY: f"{row['contract']} was signed on {row['signed_on']} without {absent} being"
        " established: it is conditional until the established body ratifies it",
        FindingKind.NO_CONSULTATION: f"no consultation of the practices or their committee on {row['contract']} is"
        " recorded",
    }
    return [
        NewFinding(
            key=f"{kind}:{row['contract']}",
            kind=kind,
            about=(row["contract"], *row["not_established"]),
            parties=tuple(row["customers"]),
            text=text,
            effective_on=row["signed_on"],
        )
        for kind, text in texts.items()
        if not settled[kind]
    ]
