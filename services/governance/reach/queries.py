"""Reads whom a decision of a body binds, by its instruments, their papers and what was delegated."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about as about_facet
from libs.common.temporal.believed import as_known as known_at
from services.governance.assurance.queries import list_directing
from services.governance.bodies.leads import Leading, list_leading
from services.governance.core import queries as reads
from services.governance.core.believed import believed
from services.governance.core.chains import Actor, Missing, Question, covers
from services.governance.core.members import living, organisations_of
from services.governance.core.models import BodyKind, Facet, body_time, known
from services.governance.core.terms import TermsOfReference
from services.governance.decision_rights.queries import ask, faults_in
from services.governance.instruments.models import InstrumentKind, instrument_time
from services.governance.instruments.rules import form_on, why_not
from services.governance.subjects.agreements import waiting

_NOW = datetime.max.replace(tzinfo=UTC)
_STANDING = f"""
SELECT i.reference, i.kind, i.functions, i.agreement, i.pack, i.binding, p.value AS parties
  FROM instrument i
  JOIN {believed(instrument_time, "s", Facet.STANDS, "i.id")}
  JOIN instrument_time_belief p ON p.subject_id = i.id AND {about_facet("p", Facet.MEMBERS)}
        AND {known_at("p")} AND p.valid @> $1::date
 WHERE i.body = $3
 ORDER BY i.reference
"""  # noqa: S608  (only names of ours are put in)
_KIND = f"""
SELECT b.kind, s.value IS NOT NULL AS stands
  FROM body b LEFT JOIN {believed(body_time, "s", Facet.STANDS, "b.id")} WHERE b.reference = $3
"""  # noqa: S608  (only names of ours are put in)

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


@dataclass(frozen=True, slots=True)
class _Asked:
    body: str
    action: str
    on: date
    as_known: datetime | None


async def binding_of(
    db: Reads,
    body: str,
    action: str,
    *,
    on: date,
    as_known: datetime | None,
    about: Collection[str] | None = None,
) -> Binding:
    """Return whom a decision of a body on an action binds on a day, as known, or why it binds no one.

    The body of one organisation binds that one while it stands, in committees in common too, as lead commissioner those
    that delegated the action to it, and those whose action directions moved to its organisation: of `about` all or
    none, where a decision is on what is theirs; None: whoever did. A joint committee binds all its parties, as one
    decision, where its instrument stands, its terms of reference have a rule of voting, and each party has delegated
    the action to it under a power of the day. Raises BodyNotFound.
    """
    asked = _Asked(body, action, on, as_known)
    members = await organisations_of(db, body, on=on, as_known=as_known)
    [row] = await db.fetch(_KIND, on, as_known or _NOW, body)
    if not BodyKind(row["kind"]).joint:
        if row["stands"]:
            return await _of_one(db, asked, members[0], about)
        return Binding(NO_ONE, (), reasons=(f"{body} does not stand on {on.isoformat()}",))
    rows = await db.fetch(_STANDING, on, as_known or _NOW, body)
    covering = [one for one in rows if not one["functions"] or any(covers(f, action) for f in one["functions"])]
    binding = [one for one in covering if one["binding"] == ALL]
    if not binding:
        return _binds_no_one(body, action, rows, covering, on)
    instrument = binding[0]
    found = await _faults_of_joint(db, asked, instrument, members)
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


async def _of_one(db: Reads, asked: _Asked, owner: str, about: Collection[str] | None) -> Binding:
    """Return whom the body of one organisation binds: that one, those for which it leads, and those by directions."""
    others = set(about or ()) - {owner}
    concerned = set(await living(db, others, on=asked.on, as_known=asked.as_known)) - {owner}
    if about is not None and not concerned:
        return Binding(OWN, (owner,))
    leading = await list_leading(db, owner, asked.action, on=asked.on, as_known=asked.as_known)
    by_party = {party: one for one in reversed(leading) for party in one.parties}
    directing = await list_directing(db, owner, asked.action, on=asked.on, as_known=asked.as_known)
    bound = directing if about is None else directing & concerned
    parties = sorted((by_party.keys() if about is None else concerned) - bound)
    reasons: list[str] = []
    led: dict[str, Leading] = {}
    for party in parties:
        faults = await _faults_of_party(db, asked, owner, party, by_party)
        reasons += faults
        if not faults:
            led[party] = by_party[party]
    if about is not None and reasons:
        return Binding(NO_ONE, (), reasons=tuple(dict.fromkeys(reasons)))
    under = min(led.values(), key=lambda one: one.instrument, default=None)
    return Binding(
        ALL if led or bound else OWN,
        tuple(sorted({owner, *led, *bound})),
        under.instrument if under else "",
        under.pack if under else "",
        tuple(dict.fromkeys(reasons)),
    )


async def _faults_of_party(
    db: Reads, asked: _Asked, owner: str, party: str, by_party: Mapping[str, Leading]
) -> list[str]:
    """Return why a lead commissioner's decision does not bind a party: instrument, power, paper, delegation."""
    if party not in by_party:
        return [f"{owner} does not lead for {party} on {asked.action} on {asked.on.isoformat()}"]
    one = by_party[party]
    found = await _without_power(db, asked, InstrumentKind.LEAD_COMMISSIONER, one.agreement, (owner, party))
    return found + await _not_delegated(db, asked, party)


async def _faults_of_joint(db: Reads, asked: _Asked, instrument: Any, members: Sequence[str]) -> list[str]:
    """Return why a decision of a joint committee binds no one: power, paper, rule of voting, delegation."""
    found = await _without_power(db, asked, instrument["kind"], instrument["agreement"], members)
    terms = await reads.find_terms(db, asked.body, as_at=asked.on, as_known=asked.as_known)
    stated = TermsOfReference.model_validate_json(terms["terms"]).model_fields_set if terms else set[str]()
    if "majority" not in stated:
        found.append(f"the terms of reference of {asked.body} state no rule of voting")
    for member in members:
        found += await _not_delegated(db, asked, member)
    return found


async def _without_power(db: Reads, asked: _Asked, kind: str, agreement: str, parties: Sequence[str]) -> list[str]:
    """Return that the law of the day does not allow an instrument to these parties, or that its paper waits."""
    statuses = await known.statuses(db, parties, as_at=asked.on, as_known=asked.as_known)
    kinds = {code: one.kind for code, one in statuses.items()}
    found = []
    if form_on(kind, asked.on, kinds, as_known=asked.as_known) is None:
        found.append(why_not(kind, asked.on, kinds))
    waits = await waiting(db, [agreement], on=asked.on, instant=asked.as_known or _NOW)
    return found + [one.says for one in waits]


async def _not_delegated(db: Reads, asked: _Asked, member: str) -> list[str]:
    actor = Actor(body=asked.body)
    answer = await ask(db, actor, member, Question(action=asked.action), as_at=asked.on, as_known=asked.as_known)
    missing = [fault for fault in faults_in(answer, actor) if fault.missing not in _OF_THE_DECISION]
    repairs = "; ".join(fault.repair for fault in missing)
    return [f"{member} has not delegated {asked.action}: {repairs}"] if missing else []
