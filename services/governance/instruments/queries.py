"""Reads instruments, the votes of their hosts, and whom a decision of a body binds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about, as_known
from services.governance.bodies.votes import Votes, share_of, votes_in
from services.governance.core import queries as reads
from services.governance.core.believed import believed
from services.governance.core.chains import Missing, Question, covers
from services.governance.core.members import lives_on, living_in, organisations_of
from services.governance.core.models import BodyKind, Facet, known
from services.governance.core.terms import TermsOfReference
from services.governance.decision_rights.queries import Actor, ask, faults_in
from services.governance.instruments.agreements import waiting
from services.governance.instruments.errors import InstrumentNotFound
from services.governance.instruments.models import instrument_time
from services.governance.instruments.rules import awaited, form_on, why_not

_NOW = datetime.max.replace(tzinfo=UTC)

# $1 as at, $2 as known.
_INSTRUMENTS = f"""
SELECT i.reference AS instrument, i.id, i.kind, i.parties AS named, i.host,
       CASE WHEN i.made_at <= $2 OR NOT EXISTS (SELECT FROM constitution c WHERE c.instrument_id = i.id)
            THEN i.body ELSE '' END AS body, i.functions, i.agreement,
       i.safeguards, i.pack, i.power, i.binding, i.fund, i.shares, i.first_day, i.last_day,
       coalesce(t.stands, false) AS stands, t.last_day AS ended_on, t.first_day AS stood_from,
       p.value AS parties, w.value AS ended_because,
       ARRAY(SELECT organisation FROM instrument_agreement a
              WHERE a.instrument_id = i.id AND a.number = 1 AND a.agreed_at <= $2 ORDER BY 1) AS agreed
  FROM instrument i
  LEFT JOIN LATERAL (
       SELECT bool_or(x.valid @> $1::date) AS stands, min(lower(x.valid)) AS first_day,
              CASE WHEN NOT bool_or(upper_inf(x.valid)) THEN max(upper(x.valid)) - 1 END AS last_day
         FROM instrument_time_belief x
        WHERE x.subject_id = i.id AND {about("x", Facet.STANDS)} AND {as_known("x")}) t ON true
  LEFT JOIN instrument_time_belief p ON p.subject_id = i.id AND {about("p", Facet.MEMBERS)}
        AND {as_known("p")} AND p.valid @> $1::date
  LEFT JOIN instrument_time_belief w ON w.subject_id = i.id AND {about("w", Facet.BECAUSE)}
        AND {as_known("w")} AND w.valid @> (t.last_day + 1)
 WHERE i.proposed_at <= $2
   AND ($3::text IS NULL OR i.reference = $3)
   AND ($4::text[] IS NULL OR i.parties && $4 OR (p.value IS NOT NULL AND p.value::jsonb ?| $4))
   AND ($5::text IS NULL OR i.kind = $5)
   AND ($6::text IS NULL OR i.body = $6)
   AND ($7::text IS NULL OR i.reference > $7)
 ORDER BY i.reference LIMIT $8
"""  # noqa: S608  (only names of ours are put in)

_PROPOSED = """
SELECT c.instrument_id, c.number, c.first_day,
       ARRAY(SELECT organisation FROM instrument_agreement a WHERE a.instrument_id = c.instrument_id
              AND a.number = c.number AND a.agreed_at <= $2 ORDER BY 1) AS agreed
  FROM constitution c
 WHERE c.instrument_id = ANY($1) AND c.number > 1 AND c.proposed_at <= $2 AND (c.made_at IS NULL OR c.made_at > $2)
 ORDER BY c.instrument_id, c.number
"""
_STANDING = f"""
SELECT i.reference, i.kind, i.functions, i.agreement, i.pack, i.binding, p.value AS parties
  FROM instrument i
  JOIN {believed(instrument_time, "s", Facet.STANDS, "i.id")}
  JOIN instrument_time_belief p ON p.subject_id = i.id AND {about("p", Facet.MEMBERS)}
        AND {as_known("p")} AND p.valid @> $1::date
 WHERE i.body = $3
 ORDER BY i.reference
"""  # noqa: S608  (only names of ours are put in)
_KIND = "SELECT kind FROM body WHERE reference = $1"

_OF_THE_DECISION = {Missing.LIMIT, Missing.SCOPE, Missing.RECURRENT, Missing.CONDITION, Missing.SPLIT}
"""Faults of one decision, which leave the delegation as it is."""
ALL, OWN, NO_ONE = "all", "own", "none"


@dataclass(frozen=True, slots=True)
class Binding:
    """Whom a decision of a body on an action binds, by which instrument and pack, or why it binds no organisation."""

    how: str
    binds: tuple[str, ...]
    instrument: str = ""
    pack: str = ""
    reasons: tuple[str, ...] = ()


async def list_instruments(
    db: Reads,
    *,
    as_at: date,
    as_known: datetime | None,
    reference: str | None = None,
    organisation: str | None = None,
    kind: str | None = None,
    body: str | None = None,
    after: Sequence[Any] | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Return instruments, proposed ones too, as at a day, as known, ordered by reference."""
    instant = as_known or _NOW
    cursor = str(after[0]) if after else None
    whose = await living_in(db, [organisation], on=as_at, as_known=as_known) if organisation else None
    rows = await db.fetch(_INSTRUMENTS, as_at, instant, reference, whose, kind, body, cursor, limit)
    proposed = await db.fetch(_PROPOSED, [row["id"] for row in rows], instant)
    named = {row["id"]: _named(row) for row in rows}
    codes = {code for row in rows for code in (*named[row["id"]], *row["named"], row["host"])} - {""}
    there = await lives_on(db, codes, on=as_at, as_known=as_known) | {"": ""}
    votes = await votes_in(db, sorted({row["body"] for row in rows} - {""}), on=as_at, as_known=as_known)
    return [
        _shown(
            row,
            named[row["id"]],
            [one for one in proposed if one["instrument_id"] == row["id"]],
            there,
            votes.get(row["body"], []) if row["host"] else [],
        )
        | {"as_at": as_at, "as_known": as_known}
        for row in rows
    ]


def _named(row: Mapping[str, Any]) -> list[str]:
    """Return the parties of the day as they were stated; as proposed where the instrument was not made."""
    return list(json.loads(row["parties"])) if row["parties"] else list(row["named"])


async def get_instrument(db: Reads, reference: str, *, as_at: date, as_known: datetime | None) -> dict[str, Any]:
    """Return an instrument as at a day, as known. Raises InstrumentNotFound."""
    rows = await list_instruments(db, as_at=as_at, as_known=as_known, reference=reference)
    if not rows:
        raise InstrumentNotFound(f"no instrument {reference} is known")
    return rows[0]


def _shown(
    row: Mapping[str, Any],
    named: Sequence[str],
    proposed: Sequence[Mapping[str, Any]],
    there: Mapping[str, str],
    votes: Sequence[Votes],
) -> dict[str, Any]:
    """Return the answer about an instrument: `there` is who each code lives on in, `votes` are those with its host."""
    constitutions = [{**one, "awaiting": awaited(named, one["agreed"], there)} for one in proposed]
    return {
        **row,
        "parties": sorted({there[code] for code in named}),
        "host": there[row["host"]],
        "fund_members": row["named"] if row["fund"] else [],
        "first_day": row["stood_from"] or row["first_day"],
        "last_day": row["ended_on"] or row["last_day"],
        "awaiting": [] if row["stood_from"] else awaited(row["named"], row["agreed"], there),
        "constitutions": constitutions,
        "host_share": str(share_of(there[row["host"]], votes)) if row["host"] and row["body"] else None,
    }


async def binding_of(db: Reads, body: str, action: str, *, on: date, as_known: datetime | None) -> Binding:
    """Return whom a decision of a body on an action binds on a day, as known, or why it binds no one.

    The body of one organisation binds that one, in committees in common too. A joint committee binds all its parties,
    as one decision, where its instrument stands, its terms of reference have a rule of voting, and each party has
    delegated the action to it under a power of the day. Raises BodyNotFound.
    """
    members = await organisations_of(db, body, on=on, as_known=as_known)
    [row] = await db.fetch(_KIND, body)
    if not BodyKind(row["kind"]).joint:
        return Binding(OWN, members)
    rows = await db.fetch(_STANDING, on, as_known or _NOW, body)
    covering = [one for one in rows if not one["functions"] or any(covers(f, action) for f in one["functions"])]
    binding = [one for one in covering if one["binding"] == ALL]
    if not binding:
        return _binds_no_one(body, action, rows, covering, on)
    instrument = binding[0]
    found = await _faults(db, body, instrument, members, action, on=on, as_known=as_known)
    about_it = {"instrument": instrument["reference"], "pack": instrument["pack"]}
    return Binding(NO_ONE, (), **about_it, reasons=tuple(found)) if found else Binding(ALL, members, **about_it)


def _binds_no_one(body: str, action: str, rows: Sequence[Any], covering: Sequence[Any], on: date) -> Binding:
    if not rows:
        return Binding(NO_ONE, (), reasons=(f"no instrument of {body} stands on {on.isoformat()}",))
    if not covering:
        named = ", ".join(one["reference"] for one in rows)
        return Binding(NO_ONE, (), reasons=(f"{action} is no function of {named}",))
    one = covering[0]
    why = f"{one['kind']}: each party decides for itself" if one["binding"] == OWN else f"{one['kind']}: it advises"
    return Binding(NO_ONE, (), one["reference"], one["pack"], (why,))


async def _faults(
    db: Reads, body: str, instrument: Any, members: Sequence[str], action: str, *, on: date, as_known: datetime | None
) -> list[str]:
    """Return why a decision of a joint committee binds no one: power, paper, rule of voting, delegation."""
    found: list[str] = []
    kinds = {code: one.kind for code, one in (await known.statuses(db, members, as_at=on, as_known=as_known)).items()}
    if form_on(instrument["kind"], on, kinds, as_known=as_known) is None:
        found.append(why_not(instrument["kind"], on, kinds))
    waits = await waiting(db, [instrument["agreement"]], on=on, instant=as_known or _NOW)
    found += [one.says for one in waits]
    terms = await reads.find_terms(db, body, as_at=on, as_known=as_known)
    stated = TermsOfReference.model_validate_json(terms["terms"]).model_fields_set if terms else set[str]()
    if "majority" not in stated:
        found.append(f"the terms of reference of {body} state no rule of voting")
    for member in members:
        answer = await ask(db, Actor(body=body), member, Question(action=action), as_at=on, as_known=as_known)
        missing = [fault for fault in faults_in(answer, Actor(body=body)) if fault.missing not in _OF_THE_DECISION]
        if missing:
            repairs = "; ".join(fault.repair for fault in missing)
            found.append(f"{member} has not delegated {action}: {repairs}")
    return found
