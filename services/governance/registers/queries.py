"""Reads registers as everybody reads them on a day, with nil returns, who is missing and the last publication."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.governance.breaches.queries import list_breaches
from services.governance.conflicts.awards import list_awards
from services.governance.core.believed import believed
from services.governance.core.models import Facet, post_time
from services.governance.decisions.queries import DecisionFilter
from services.governance.gifts.queries import list_gifts
from services.governance.interests.due import declarations_due
from services.governance.interests.register import list_interests
from services.governance.interests.rules import check_periods
from services.governance.registers.models import Register
from services.governance.registers.presentation import digest
from services.governance.registers.views import (
    BreachEntry,
    Entry,
    GiftEntry,
    InterestEntry,
    NilReturnEntry,
    ProcurementEntry,
    PublicationView,
    RegisterView,
)

_NOW: Final = datetime.max.replace(tzinfo=UTC)
EVERYBODY = Caller(subject="", roles=frozenset(), organisations=frozenset())
"""Who acts for no organisation: a register is the same for every caller."""
_ALL = 2**31 - 1

_POSTS = f"""
SELECT a.person_id AS person, p.reference AS post
  FROM post p
  JOIN body b ON b.id = p.body_id
  JOIN {believed(post_time, "h", Facet.HOLDER, "p.id")}
  JOIN appointment a ON a.id = h.value
 WHERE coalesce(nullif(p.member, ''), b.organisation) = $3
 ORDER BY 1, 2
"""  # noqa: S608  (only names of ours are put in)
# Who declared an interest later has returned nil no longer, though the register does not show it on the day; nor has
# whose last return confirms what is declared.
_NIL = """
SELECT person, returned_on FROM (
SELECT DISTINCT ON (n.person_id) n.person_id AS person, n.returned_on, n.confirms
  FROM nil_return n
 WHERE n.organisation = $3 AND n.returned_on <= $1 AND n.stated_at <= $2
   AND NOT EXISTS (SELECT FROM declared_interest d
                    WHERE d.person_id = n.person_id AND d.organisation = n.organisation
                      AND d.declared_on <= $1 AND d.stated_at <= $2
                      AND (d.declared_on, d.stated_at) > (n.returned_on, n.stated_at))
 ORDER BY n.person_id, n.returned_on DESC, n.stated_at DESC) last
 WHERE NOT confirms ORDER BY person
"""
# $1 the day, $2 the instant, $3 to $7 the periods of rule packs, $8 the organisation.
_MISSING = f"""
SELECT DISTINCT m.person_id FROM ({declarations_due(3)}) m
 WHERE m.organisation = $8 AND m.declared_on IS NULL ORDER BY 1
"""  # noqa: S608  (only names of ours are put in)
_TOOK_PART = """
SELECT r.decision, v.person
  FROM item_result r
 CROSS JOIN LATERAL (SELECT unnest(r.counted) AS person
                      UNION SELECT v.voter FROM vote v WHERE v.item_id = r.item_id AND v.stated_at <= $2) v
 WHERE r.decision = ANY($1) AND r.stated_at <= $2
 UNION
SELECT u.decision, unnest(u.acted_by) FROM urgent_action u WHERE u.decision = ANY($1) AND u.stated_at <= $2
 ORDER BY 1, 2
"""
# Of an item in private, who has which interest is read by those who read the item alone.
_RECUSALS = """
SELECT DISTINCT ON (r.decision, c.person_id) r.decision, c.person_id AS person, c.action
  FROM item_result r
  JOIN meeting_item i ON i.id = r.item_id AND i.private_reason = ''
  JOIN recusal c ON c.item_id = i.id AND c.stated_at <= $2
 WHERE r.decision = ANY($1) AND r.stated_at <= $2
 ORDER BY r.decision, c.person_id, c.stated_at DESC, c.id DESC
"""
_PUBLISHED = """
SELECT register_of, organisation, published_on, entries, digest, stated_at
  FROM register_publication
 WHERE organisation = $3 AND register_of = $4 AND published_on <= $1 AND stated_at <= $2
 ORDER BY published_on DESC, stated_at DESC, id DESC LIMIT 1
"""


async def get_register(
    db: Reads, register: Register, organisation: str, *, as_at: date, as_known: datetime | None
) -> RegisterView:
    """Return a register of an organisation as everybody reads it on a day, as known at an instant."""
    instant = as_known or _NOW
    posts: dict[str, list[str]] = defaultdict(list)
    for row in await db.fetch(_POSTS, as_at, instant, organisation):
        posts[row["person"]].append(row["post"])
    entries = await _entries(db, register, organisation, posts, as_at=as_at, as_known=as_known)
    nil, missing = list[NilReturnEntry](), list[str]()
    if register is Register.INTERESTS:
        declared = {one.person for one in entries if isinstance(one, InterestEntry)}
        nil = [
            NilReturnEntry(person=row["person"], posts=posts[row["person"]], returned_on=row["returned_on"])
            for row in await db.fetch(_NIL, as_at, instant, organisation)
            if row["person"] in posts and row["person"] not in declared
        ]
        rows = await db.fetch(_MISSING, as_at, instant, *check_periods(), organisation)
        missing = [row["person_id"] for row in rows]
    found = digest(entries)
    published = await db.fetch(_PUBLISHED, as_at, instant, organisation, register)
    last = PublicationView.model_validate(dict(published[0])) if published else None
    return RegisterView(
        register_of=register,
        organisation=organisation,
        entries=list(entries),
        nil_returns=nil,
        missing=missing,
        digest=found,
        published=last,
        as_published=last is not None and last.digest == found,
        as_at=as_at,
        as_known=as_known,
    )


async def _entries(
    db: Reads,
    register: Register,
    organisation: str,
    posts: Mapping[str, list[str]],
    *,
    as_at: date,
    as_known: datetime | None,
) -> Sequence[Entry]:
    if register is Register.PROCUREMENT_DECISIONS:
        return await _procurements(db, organisation, as_at=as_at, as_known=as_known)
    if register is Register.INTERESTS:
        interests = await list_interests(db, by=EVERYBODY, as_at=as_at, as_known=as_known, organisation=organisation)
        return [
            InterestEntry.model_validate({**one.model_dump(), "posts": posts.get(one.person, [])})
            for _, one in interests
        ]
    if register is Register.GIFTS:
        gifts = await list_gifts(db, by=EVERYBODY, as_at=as_at, as_known=as_known, organisation=organisation)
        return [GiftEntry.model_validate({**one.model_dump(), "posts": posts.get(one.person, [])}) for _, one in gifts]
    breaches = await list_breaches(db, by=EVERYBODY, as_at=as_at, as_known=as_known, organisation=organisation)
    return [BreachEntry.model_validate(one.model_dump()) for _, one in breaches]


async def _procurements(
    db: Reads, organisation: str, *, as_at: date, as_known: datetime | None
) -> list[ProcurementEntry]:
    """Return the decisions to award contracts that bind an organisation, in the order of their days."""
    wanted = DecisionFilter(organisation=organisation)
    rows = await list_awards(db, wanted, as_at=as_at, as_known=as_known, after=None, limit=_ALL)
    decisions = [row["decision"] for row in rows]
    took_part = await _by_decision(db, _TOOK_PART, decisions, as_known)
    recusals = await _by_decision(db, _RECUSALS, decisions, as_known)
    return [
        ProcurementEntry.model_validate(
            {
                **row,
                "took_part": [one["person"] for one in took_part[row["decision"]]],
                "recusals": [dict(one) for one in recusals[row["decision"]]],
                "path": f"/v1/procurement-decisions/{row['decision']}",
            }
        )
        for row in sorted(rows, key=lambda row: (row["taken_on"], row["decision"]))
    ]


async def _by_decision(
    db: Reads, sql: str, decisions: Collection[str], as_known: datetime | None
) -> Mapping[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await db.fetch(sql, decisions, as_known or _NOW) if decisions else ():
        found[row["decision"]].append(row)
    return found
