"""Reads what `can` is answered from: the rights to an action, all that they come from, and who holds them on a day."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about, as_known, holds
from libs.organisations.statements import Facet as Known
from services.governance.assurance.queries import DIRECTED, directions_from, list_directed_bodies, list_directions
from services.governance.assurance.rules import Direction, directed_to, powers_beside
from services.governance.core.believed import believed
from services.governance.core.catalogue import delegation_pack_on
from services.governance.core.chains import (
    GRANTED,
    Actor,
    Chain,
    Fault,
    LimitBasis,
    Missing,
    PowerFor,
    Question,
    Right,
    best_chain,
    chain_of_grant,
    no_power,
    prefixes,
    proofs,
)
from services.governance.core.members import joint_prefix
from services.governance.core.models import Facet, level_time, post_time
from services.governance.core.powers import power_for
from services.governance.core.queries import Row, list_covering, list_leading_bodies
from services.governance.decision_rights.series import Series, series_pack_on, with_parts

_NOW = datetime.max.replace(tzinfo=UTC)
MOST_RIGHTS = 200
"""The rights of an organisation to one action that are looked at."""

# A person's posts are those in the organisation's own bodies, in joint ones, and those that a lead commissioner's body
# has and the organisation granted a right to. The rights to the action, those of the actor first, then those in force,
# and what each comes from. A right waits to be made again from the day on which it ended, and as long as that is known:
# before, it is its own organisation's. With them the organisation's kind and level, without a right too: another
# statement costs half as much as this one. The rights of others are left out where $8 is false; $9 is a right that is
# to be passed on, whatever it is to. The planner takes a chain for hundreds of rights, and would read whole tables:
# OFFSET 0 and a SELECT for each column have all looked up by their keys, in half the time (27 November 2026).
_POSTS_OF_PERSON = f"""
SELECT p.id FROM post p JOIN body b ON b.id = p.body_id
  JOIN {believed(post_time, "h", Facet.HOLDER, "p.id")} JOIN appointment a ON a.id = h.value
 WHERE b.organisation IN ($3, '') AND a.person_id = $6
 UNION ALL
SELECT r.post_id FROM decision_right r
  JOIN {believed(post_time, "led", Facet.HOLDER, "r.post_id")} JOIN appointment a ON a.id = led.value
 WHERE r.member = $3 AND r.member <> '' AND r.action = ANY($4) AND a.person_id = $6
"""  # noqa: S608  (only names of ours are put in)
_POST = "SELECT id FROM post WHERE reference = $6"
_WAITING = f"""UNION ALL
    SELECT r.id, NULL, NULL, true FROM right_time_belief rm JOIN decision_right r ON r.id = rm.subject_id
     WHERE {about("rm", Facet.TO_REMAKE)} AND rm.value = $3 AND {holds("rm", "$1", "$2")} AND r.action = ANY($4)
       AND NOT EXISTS (SELECT FROM right_time_belief made
            WHERE made.subject_id = r.id AND {about("made", Facet.REMADE_BY)} AND {holds("made", "$1", "$2")})
"""  # noqa: S608  (only names of ours are put in)
_RIGHTS = f"""
WITH RECURSIVE candidates AS (
    SELECT r.id, r.post_id, r.body_id, false AS waits
      FROM body b JOIN decision_right r ON r.body_id = b.id
     WHERE b.organisation = $3 AND r.member = '' AND r.action = ANY($4)
     UNION ALL
    SELECT id, post_id, body_id, false FROM decision_right WHERE member = $3 AND member <> '' AND action = ANY($4)
     UNION ALL
    SELECT id, NULL, NULL, false FROM decision_right WHERE id = $9 AND action <> ALL($4)
     {{waiting}}
), asked AS (
    SELECT id, waits,
           (CASE WHEN post_id IS NOT NULL THEN post_id = ANY(ARRAY({{posts}}))
                 WHEN body_id IS NOT NULL THEN body_id = (SELECT id FROM body WHERE reference = $7)
                 ELSE NOT waits END) IS TRUE AS own FROM candidates
), starts AS (
    SELECT c.id, c.own, c.waits
      FROM asked c
      JOIN LATERAL (
           SELECT bool_or(x.valid @> $1::date) AS stands, bool_or(upper(x.valid) <= $1::date) AS ended
             FROM right_time_belief x
            WHERE x.subject_id = c.id AND {about("x", Facet.STANDS)} AND {as_known("x")}
           HAVING count(*) > 0) t ON true
     WHERE (c.own OR c.waits OR $8::bool) AND (NOT c.waits OR (t.ended AND NOT t.stands))
     ORDER BY c.id IS NOT DISTINCT FROM $9::int DESC, c.own DESC, t.stands DESC, c.id LIMIT $5
), chain (id) AS (
    SELECT id FROM starts
     UNION SELECT source.id FROM chain
     CROSS JOIN LATERAL (SELECT r.delegated_from AS id FROM decision_right r
                          WHERE r.id = chain.id AND r.delegated_from IS NOT NULL OFFSET 0) source
), linked AS (
SELECT r.id, r.action, r.scope, r.value_limit_pence, r.limit_basis, r.recurrent, r.conditions, r.delegated_from,
       r.power, r.source_minute, r.post_id, r.instrument, starts.id IS NOT NULL AS asked,
       coalesce(starts.own OR starts.waits, false) AS own,
       CASE WHEN s.value IS NULL AND (
                 SELECT made.value FROM right_time_belief made
                  WHERE made.subject_id = r.id AND {about("made", Facet.REMADE_BY)} AND {holds("made", "$1", "$2")}
                 ) IS NULL
            THEN (SELECT rm.value FROM right_time_belief rm
                   WHERE rm.subject_id = r.id AND {about("rm", Facet.TO_REMAKE)} AND {holds("rm", "$1", "$2")}) END
       AS waits_for,
       s.value IS NOT NULL AS in_force, lower(s.valid) AS first_day, upper(s.valid) - 1 AS last_day,
       (SELECT reference FROM post WHERE id = r.post_id) AS post,
       (SELECT reference FROM body WHERE id = r.body_id) AS body,
       (SELECT a.person_id FROM post_time_belief h JOIN appointment a ON a.id = h.value
         WHERE h.subject_id = r.post_id AND {about("h", Facet.HOLDER)} AND {holds("h", "$1", "$2")}) AS person,
       r.member
  FROM chain
 CROSS JOIN LATERAL (SELECT d.* FROM decision_right d WHERE d.id = chain.id OFFSET 0) r
  LEFT JOIN starts ON starts.id = r.id
  LEFT JOIN LATERAL (SELECT x.value, x.valid FROM right_time_belief x
        WHERE x.subject_id = r.id AND {about("x", Facet.STANDS)} AND {as_known("x")}
          AND x.valid @> $1::date OFFSET 0) s ON true
)
SELECT l.*, coalesce(l.post, l.body) AS holder, o.*
  FROM (SELECT (SELECT kind.value
                  FROM known_organisation k JOIN known_organisation_belief kind ON kind.subject_id = k.id
                 WHERE k.code = $3 AND {about("kind", Known.KIND)} AND {holds("kind")}) AS kind,
               (SELECT level.value FROM co_commissioning c JOIN {believed(level_time, "level", Facet.STANDS, "c.id")}
                 WHERE c.organisation = $3) AS level,
               {DIRECTED} AS directed) o
  LEFT JOIN linked l ON true
"""  # noqa: S608  (only names of ours are put in)
# Each step of a plan costs though it finds nothing: the posts of a person are asked for where a person asks, and what
# waits to be made again, which gives no one a right, where those of others are.
_ASKED = {
    (of_person, of_others): _RIGHTS.format(posts=posts, waiting=_WAITING if of_others else "")
    for of_person, posts in ((True, _POSTS_OF_PERSON), (False, _POST))
    for of_others in (True, False)
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the actor may, by which chain or what is missing, and by which chains others may.

    `rows` are the rights of all chains, by id, as read. `question` has what was decided before in the same series.
    `organisation` is whose rights they are: where a direction moves the action, of who exercises it.
    """

    organisation: str
    chain: Chain | None
    others: tuple[Chain, ...]
    rows: Mapping[int, Mapping[str, Any]]
    find_power: PowerFor
    question: Question
    packs: list[str]
    directions: tuple[Direction, ...]
    """Those by which the action is another body's on the day, or stopped: no power of the organisation covers it."""


async def ask(
    db: Reads,
    actor: Actor,
    organisation: str,
    question: Question,
    *,
    series: Series | None = None,
    as_at: date,
    as_known: datetime | None,
) -> Answer:
    """Answer whether an actor may decide for an organisation, as at a day, as known at an instant.

    Where a right has a limit, what the organisation decided before in the same series counts too. Where a direction
    moves the action to another organisation, the body that leads that one may by the direction itself, without a limit,
    and others by that one's rights, for as long as the direction stands.
    """
    asked = _Asked(organisation, question, series or Series(), as_at, as_known, of=organisation)
    if question.granted is not None:
        return await _answered(db, actor, asked, of_others=False)
    if actor != Actor():
        # Most who ask may, by a right of their own: those of others are then not looked at.
        own = await _answered(db, actor, asked, of_others=False)
        if own.chain is not None and own.chain.holds:
            return own
    return await _answered(db, actor, asked, of_others=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    organisation: str
    question: Question
    series: Series
    as_at: date
    as_known: datetime | None
    of: str
    """Whose decisions count in the series: the organisation for which it is decided, whoever does."""


async def _answered(db: Reads, actor: Actor, asked: _Asked, *, of_others: bool) -> Answer:
    organisation, as_at, as_known, question = asked.organisation, asked.as_at, asked.as_known, asked.question
    granted = question.granted
    statement = _ASKED[actor.person is not None, of_others]
    args = (organisation, prefixes(question.action), MOST_RIGHTS, actor.person or actor.post, actor.body, of_others)
    read = await db.fetch(statement, as_at, as_known or _NOW, *args, granted.source if granted else None)
    rows = {row["id"]: dict(row) for row in read if row["id"] is not None}
    joint = await _joint(db, rows.values(), as_at, as_known)
    rights = {number: _right(row, joint) for number, row in rows.items()}
    kind, stated = read[0]["kind"] or "unknown", json.loads(read[0]["level"] or "{}")
    level, functions = stated.get("level"), stated.get("functions")
    # A right may be granted to more than a level reaches, as to a whole function: what is decided by it may not.
    moved = directions_from(read[0]["directed"], question.action)
    of_kind = power_for(kind, as_at, as_known=as_known, level=level, functions=functions, partly=granted is not None)
    power_of = powers_beside(moved, of_kind)
    packs = packs_of(as_at, as_known=as_known)
    if granted is not None:
        chain = chain_of_grant(question, granted, rights, power_of)
        return Answer(organisation, chain, (), rows, power_of, question, packs, moved)
    if any(right.limit_pence is not None for right in rights.values()):
        question = await with_parts(db, asked.of, question, asked.series, as_at=as_at, as_known=as_known)
    own = [number for number, row in rows.items() if row["own"]]
    chain = best_chain(question, own, rights, power_of)
    if chain is not None and chain.holds:
        return Answer(organisation, chain, (), rows, power_of, question, packs, moved)
    further = sorted(number for number, row in rows.items() if row["asked"] and not row["own"])
    others = proofs([best_chain(question, [number], rights, power_of) for number in further])
    answer = Answer(organisation, chain, tuple(others), rows, power_of, question, packs, moved)
    # A function that was moved to an organisation is not moved on by directions to that one.
    return await _directed(db, actor, asked, answer, of_others=of_others) if organisation == asked.of else answer


async def _directed(db: Reads, actor: Actor, asked: _Asked, answer: Answer, *, of_others: bool) -> Answer:
    """Return the answer where directions move the action: by the rights of who exercises it, if the actor has one."""
    others: list[Chain] = []
    for direction in directed_to(answer.directions):
        holder = direction.exercised_by
        if actor.body in await list_leading_bodies(db, holder, as_at=asked.as_at, as_known=asked.as_known):
            chain = Chain((), direction.authorisation, ())
            return replace(answer, organisation=holder, chain=chain, others=())
        theirs = await _answered(db, actor, replace(asked, organisation=holder), of_others=of_others)
        theirs = replace(theirs, directions=answer.directions)
        if theirs.chain is not None and theirs.chain.holds:
            return theirs
        if answer.chain is None:
            answer = theirs
        others += theirs.others
        answer = replace(answer, rows={**answer.rows, **theirs.rows}, others=tuple(proofs(others)))
    return answer


async def list_granters(
    db: Reads, answer: Answer, *, as_at: date, as_known: datetime | None
) -> dict[int | None, list[str]]:
    """Return who may make each missing grant, by the right at which it is missing (None: the actor has none).

    A right is passed on by the holder of the one that it comes from; one that comes from a power is granted by the body
    that leads the organisation. Where there is none yet, whoever may decide may also pass their right on.
    """
    leading = await list_leading_bodies(db, answer.organisation, as_at=as_at, as_known=as_known)
    if answer.chain is None:
        return {None: list(dict.fromkeys([*leading, *(chain.rights[0].holder for chain in answer.others)]))}
    found: dict[int | None, list[str]] = {}
    sources = {right.id: right.delegated_from for right in answer.chain.rights}
    for fault in answer.chain.faults:
        source = answer.rows.get(sources.get(fault.right or 0) or 0)
        if fault.missing in GRANTED:
            found[fault.right] = [source["holder"]] if source is not None else leading
    return found


def packs_of(day: date, *, as_known: datetime | None = None) -> list[str]:
    """Return the ids of the rule packs by which a question of a day is answered, beside the power's."""
    series = series_pack_on(day, as_known=as_known)
    return [pack for pack in (delegation_pack_on(day, as_known=as_known), series.id if series else None) if pack]


def faults_in(answer: Answer, actor: Actor) -> list[Fault]:
    """Return all that is missing for an actor, none where they may.

    Without any right to the action it is the right, and the power too where none covers it: no right could be granted.
    """
    if answer.chain is not None:
        return list(answer.chain.faults)
    action = answer.question.action
    granted = f"a right to {action} is granted to {actor.named}, or to a post of theirs"
    found = [Fault(Missing.RIGHT, None, granted)]
    if answer.find_power(action, "") is None:
        found.append(no_power(action, ""))
    return found


async def _joint(
    db: Reads, rows: Iterable[Mapping[str, Any]], as_at: date, as_known: datetime | None
) -> dict[str, str]:
    """Return, for each body that has one of the rights for others, how they exercise an action together."""
    bodies = sorted({row["body"] for row in rows if row["member"]})
    return {body: await joint_prefix(db, body, on=as_at, as_known=as_known) for body in bodies}


def _right(row: Mapping[str, Any], joint: Mapping[str, str]) -> Right:
    return Right(
        id=row["id"],
        holder=row["holder"],
        action=row["action"],
        in_force=row["in_force"],
        last_day=row["last_day"],
        scope=row["scope"],
        limit_pence=row["value_limit_pence"],
        limit_basis=LimitBasis(row["limit_basis"]),
        recurrent=row["recurrent"],
        conditions=frozenset(row["conditions"]),
        delegated_from=row["delegated_from"],
        power=row["power"],
        waits_for=row["waits_for"] or "",
        vacant=row["post_id"] is not None and row["person"] is None,
        joint=joint.get(row["body"], ""),
    )


async def list_deciders(
    db: Reads,
    action: str,
    *,
    organisation: str,
    value_pence: int,
    recurrent: bool,
    as_at: date,
    as_known: datetime | None,
) -> dict[str, Any]:
    """Return the rights to decide on an action and a value for an organisation: bodies first, then posts.

    A right is listed, but cannot be used, where its post is vacant or a link of its chain is missing. Its scope and
    conditions are shown, and taken as met. Where directions move the action, the rights of who exercises it follow, and
    `directed` has the bodies that may by the directions themselves.
    """
    directions = await list_directions(db, organisation, action, on=as_at, as_known=as_known)
    rights: list[Row] = []
    asked: dict[str, Any] = {"value_pence": value_pence, "recurrent": recurrent, "as_at": as_at, "as_known": as_known}
    for whose in (organisation, *(one.exercised_by for one in directions)):
        rights += await list_covering(db, action, organisation=whose, **asked)
    directed = await list_directed_bodies(db, directions, as_at=as_at, as_known=as_known)
    question = Question(
        action=action,
        value_pence=dict.fromkeys(LimitBasis, value_pence),
        recurrent=recurrent,
        subjects=frozenset(right["scope"] for right in rights),
        met=frozenset(code for right in rights for code in right["conditions"]),
    )
    answer = await ask(db, Actor(), organisation, question, as_at=as_at, as_known=as_known)
    usable = {chain.rights[0].id for chain in answer.others}
    return asked | {
        "action": action,
        "function": action.replace(".", "-"),
        "organisation": organisation,
        "pack": delegation_pack_on(as_at),
        "deciders": [{**right, "may_decide": right["decision_right"] in usable} for right in rights],
        "directed": directed,
        "anybody_may": bool(directed) or any(right["decision_right"] in usable for right in rights),
    }
