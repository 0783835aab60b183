"""Reads what belongs to the dossiers of decisions and is not in them yet: acts of governance, and events of others."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from libs.common.temporal.believed import about, holds
from services.governance.dossiers.rules import Material
from services.governance.interests.models import STANDS, declared
from services.governance.meetings.queries import attended_of, conflicts_at, get_item, list_attendance

MOST_AT_ONCE = 500
"""Entries that one piece of work writes."""
EVENT = "event:"
"""How the keys of entries begin that are events of other publishers."""
RESULT = "result"
"""The kind of the entry that says what came of an item."""

# Each source gives rows (decision, key, rank, kind, effective_on, stated_at, fields, persons): what has the lower rank
# comes first where instants are equal; `persons` says whose name belongs to which field, or has a value of theirs.
_DECIDED = "FROM dossier o JOIN decision d ON d.id = o.decision AND o.part = 1"
# The item that decided, and those at which an urgent action was reported to a meeting.
_AT_ITEM = f"""{_DECIDED} JOIN (
       SELECT decision, item_id FROM item_result WHERE decision <> ''
        UNION ALL
       SELECT u.decision, i.id FROM urgent_action u JOIN meeting_item i ON i.urgent_action_id = u.id
  ) AS w (decision, item_id) ON w.decision = d.id
  JOIN item_result r ON r.item_id = w.item_id JOIN meeting_item i ON i.id = r.item_id
  JOIN meeting m ON m.id = i.meeting_id"""  # noqa: S608  (only SQL of this module is put in)

_PROPOSAL = f"""
SELECT d.id, 'proposal', 1, 'proposal', p.drafted_on, p.stated_at,
       jsonb_build_object('proposal', p.reference, 'organisation', p.organisation, 'kind', p.kind, 'action', p.action,
           'subject', p.subject, 'revision', p.revision, 'value_pence', p.value_pence, 'annual_pence', p.annual_pence,
           'recurrent', p.recurrent, 'series', p.series, 'case', p.case_reference, 'case_version', p.case_version,
           'digest', p.digest, 'due_on', p.due_on),
       '{{}}'::jsonb
  {_DECIDED} JOIN proposal p ON p.reference = d.proposal
"""
_CONSENTS = f"""
SELECT d.id, 'consent:' || c.body, 2, 'consent', p.drafted_on, p.stated_at,
       jsonb_build_object('body', c.body, 'organisations', to_jsonb(c.organisations)), '{{}}'::jsonb
  {_DECIDED} JOIN proposal p ON p.reference = d.proposal JOIN proposal_consent c ON c.proposal = p.reference
"""
_ACTS = f"""
SELECT d.id, 'act:' || a.id, 3, 'proposal-' || a.what, a.effective_on, a.stated_at,
       jsonb_build_object('body', a.body, 'code', a.code, 'outcome', a.outcome, 'reference', a.reference,
           'conditions', to_jsonb(a.conditions), 'until_on', a.until_on, 'lawful', a.lawful, 'revision', a.revision),
       '{{}}'::jsonb
  {_DECIDED} JOIN proposal_act a ON a.proposal = d.proposal AND a.body IN ('', d.body)
   AND a.what NOT IN ('opened', 'decided', 'reversed')
"""
# A paper's title, where it lies and its digest are for its readers. The entry has the SHA-256 of its reference and
# digest, which whoever has the paper can check, and which tells others nothing of it.
_PAPERS = f"""
SELECT d.id, 'paper:' || p.reference, 3, 'paper', p.added_on, p.stated_at,
       jsonb_build_object('paper', p.reference, 'stage', p.stage,
           'commitment', encode(sha256(convert_to(p.reference || p.sha256, 'UTF8')), 'hex')), '{{}}'::jsonb
  {_DECIDED} JOIN paper p ON p.proposal = d.proposal
"""
_RECALLS = f"""
SELECT d.id, 'recall:' || c.paper || ':' || c.person_id, 5, 'paper-recall', c.recalled_on, c.stated_at,
       jsonb_build_object('paper', c.paper, 'person', c.person_id, 'edges', to_jsonb(c.path)),
       jsonb_build_object('name', c.person_id)
  {_DECIDED} JOIN paper p ON p.proposal = d.proposal JOIN paper_recall c ON c.paper = p.reference
"""
_AUTHORITY = f"""
SELECT d.id, 'authority', 8, 'authority', t.asked_on, t.known_at,
       jsonb_build_object('permit', t.id, 'organisations', to_jsonb(t.organisations), 'question', t.question::jsonb,
           'answer', t.answer::jsonb, 'digest', t.digest),
       '{{}}'::jsonb
  {_DECIDED} JOIN permit t ON t.id = d.permit
"""
_DECISION = f"""
SELECT d.id, 'decision', 9, 'decision', d.taken_on, d.stated_at,
       jsonb_build_object('decision', d.id, 'proposal', d.proposal, 'body', d.body, 'organisation', d.organisation,
           'binds', to_jsonb(d.binds), 'subject', d.subject, 'action', d.action, 'outcome', d.outcome,
           'conditions', to_jsonb(d.conditions), 'minute', d.minute, 'value_pence', d.value_pence,
           'annual_pence', d.annual_pence, 'recurrent', d.recurrent, 'case', d.case_reference,
           'case_version', d.case_version, 'revision', d.revision, 'urgent', d.urgent),
       '{{}}'::jsonb
  {_DECIDED}
"""
_REVERSAL = f"""
SELECT d.id, 'reversal', 11, 'reversal', v.effective_on, v.stated_at,
       jsonb_build_object('by_decision', v.by_decision, 'minute', v.minute,
           'ratification_refused', v.ratification_refused),
       '{{}}'::jsonb
  {_DECIDED} JOIN decision_reversal v ON v.decision = d.id
"""
_MEETINGS = f"""
SELECT d.id, 'meeting:' || m.id || ':' || s.step, 4,
       CASE s.step WHEN 'called' THEN 'meeting' ELSE 'meeting-' || s.step END, s.effective_on, s.stated_at,
       jsonb_build_object('meeting', m.reference, 'held_on', m.held_on, 'starts_at', m.starts_at,
           'in_public', m.in_public, 'reason', s.reason, 'clear_days', s.clear_days, 'pack', s.pack),
       '{{}}'::jsonb
  {_AT_ITEM} JOIN meeting_step s ON s.meeting_id = m.id
"""
_EXCLUSIONS = f"""
SELECT d.id, 'exclusion:' || x.id, 5, 'exclusion', m.held_on, x.stated_at,
       jsonb_build_object('item', i.reference, 'person', x.person_id, 'action', x.action, 'required', x.required,
           'decided_by', x.decided_by, 'decided_at', x.decided_at),
       jsonb_build_object('name', x.person_id, 'decided_by_name', x.decided_by)
  {_AT_ITEM} JOIN recusal x ON x.item_id = i.id
"""
# Who reads an interest in full is a right: the entry has a hash of it.
_INTERESTS = f"""
SELECT d.id, 'interest:' || n.id, 5, 'interest', m.held_on, r.stated_at,
       jsonb_build_object('item', i.reference, 'interest', n.reference, 'person', n.person_id),
       jsonb_build_object('content', jsonb_build_array(n.person_id, jsonb_build_object('type', n.type,
           'relation', n.relation, 'other', n.other, 'nature', n.nature, 'source', n.source, 'share', s.value)::text))
  {_AT_ITEM}
  JOIN declared_interest n ON n.purged_on IS NULL
       AND (n.person_id = ANY(r.counted) OR n.person_id IN (SELECT person_id FROM recusal WHERE item_id = i.id))
  JOIN {declared.beliefs} s ON s.subject_id = n.id AND {about("s", STANDS)} AND {holds("s", "m.held_on", "r.stated_at")}
"""  # noqa: S608  (only names of ours are put in)
_VOTES = f"""
SELECT d.id, 'vote:' || v.id, 6, 'vote', m.held_on, v.stated_at,
       jsonb_build_object('item', i.reference, 'seat', v.seat, 'choice', v.choice, 'cast_at', v.cast_at,
           'voter', v.voter, 'cast_by', v.cast_by, 'principal', v.principal, 'counts', v.id <> ALL(r.void)),
       jsonb_build_object('name', v.voter)
  {_AT_ITEM} JOIN vote v ON v.item_id = i.id
"""
_RESULTS = f"""
SELECT d.id, CASE WHEN r.decision = d.id THEN 'result' ELSE 'result:' || i.reference END, 7, 'result', m.held_on,
       r.stated_at,
       jsonb_build_object('meeting', m.reference, 'item', i.reference, 'number', i.number, 'stage', i.stage,
           'ratifies', r.decision <> d.id, 'private_reason', i.private_reason, 'outcome', r.outcome,
           'closed_at', r.closed_at,
           'votes_for', r.votes_for, 'against', r.against, 'abstained', r.abstained, 'of', r.of, 'tie', r.tie,
           'casting', r.casting, 'clause', r.clause, 'filled', to_jsonb(r.filled), 'counted', to_jsonb(r.counted)),
       '{{}}'::jsonb
  {_AT_ITEM}
"""
_URGENT = f"""
SELECT d.id, 'urgent:' || u.id, 4, 'urgent-action', u.acted_on, u.stated_at,
       jsonb_build_object('urgent_action', u.reference, 'acted_by', to_jsonb(u.acted_by), 'outcome', u.outcome),
       '{{}}'::jsonb
  {_DECIDED} JOIN urgent_action u ON u.decision = d.id
"""
_CONSULTED = f"""
SELECT d.id, 'consulted:' || c.id, 5, 'urgent-consultation', c.consulted_on, u.stated_at,
       jsonb_build_object('person', c.person_id, 'view', c.view), jsonb_build_object('name', c.person_id)
  {_DECIDED} JOIN urgent_action u ON u.decision = d.id JOIN urgent_consultation c ON c.urgent_action_id = u.id
"""
_MINUTES = f"""
SELECT d.id, 'minutes:' || n.id, 10, 'minutes', n.drafted_on, n.stated_at,
       jsonb_build_object('meeting', m.reference, 'version', n.version, 'sha256', n.sha256), '{{}}'::jsonb
  {_AT_ITEM} JOIN minutes n ON n.meeting_id = m.id
"""
_EVENTS = f"""
SELECT o.decision, '{EVENT}' || e.event_id, 20, e.name, e.effective_on, e.stated_at, e.fields, '{{}}'::jsonb
  FROM dossier o JOIN dossier_reference f ON f.decision = o.decision
  JOIN dossier_event e ON e.attached_by @> ARRAY[f.reference]
 WHERE o.part = 1 AND e.name = ANY(o.events)
"""  # noqa: S608  (only the prefix of a key is put in)
SOURCES = (
    _PROPOSAL,
    _CONSENTS,
    _ACTS,
    _PAPERS,
    _RECALLS,
    _AUTHORITY,
    _DECISION,
    _REVERSAL,
    _MEETINGS,
    _EXCLUSIONS,
    _INTERESTS,
    _VOTES,
    _RESULTS,
    _URGENT,
    _CONSULTED,
    _MINUTES,
    _EVENTS,
)
"""What entries are made of. Each table that is written after the decision marks its dossiers (`MARKS`)."""
_NEW = f"""
SELECT DISTINCT s.decision, s.key, s.rank, s.kind, s.effective_on, s.stated_at, s.fields::text, s.persons::text
  FROM ({" UNION ALL ".join(SOURCES)})
       AS s (decision, key, rank, kind, effective_on, stated_at, fields, persons)
 WHERE NOT EXISTS (SELECT FROM dossier_entry n WHERE n.decision = s.decision AND n.key = s.key)
   AND s.decision = ANY($1::text[])
 ORDER BY s.decision, s.stated_at, s.rank, s.key
 LIMIT {MOST_AT_ONCE}
"""  # noqa: S608  (only SQL of this module is put in)
_NAMES = "SELECT id, display_name FROM person WHERE id = ANY($1) AND erased_on IS NULL"


async def new_materials(connection: asyncpg.Connection, decisions: Sequence[str]) -> dict[str, list[Material]]:
    """Return what is not an entry of these decisions' dossiers yet, in order, by decision; so many at once."""
    rows = await connection.fetch(_NEW, decisions)
    persons = {number: json.loads(row["persons"]) for number, row in enumerate(rows)}
    named = {person for one in persons.values() for person in one.values() if isinstance(person, str)}
    names = await _names(connection, named)
    materials: defaultdict[str, list[Material]] = defaultdict(list)
    for number, row in enumerate(rows):
        materials[row["decision"]].append(_material(row, persons[number], names))
    return dict(materials)


async def _names(connection: asyncpg.Connection, persons: set[str]) -> dict[str, str]:
    rows: Sequence[asyncpg.Record] = await connection.fetch(_NAMES, sorted(persons)) if persons else []
    return {row["id"]: row["display_name"] for row in rows}


def _material(row: asyncpg.Record, persons: Mapping[str, Any], names: Mapping[str, str]) -> Material:
    fields: dict[str, Any] = json.loads(row["fields"])
    personal: dict[str, tuple[str, str]] = {}
    for field, of in persons.items():
        if isinstance(of, list):
            person, value = of
            personal[field] = (value, person)
        elif of in names:
            personal[field] = (names[of], of)
    return Material(
        decision=row["decision"],
        key=row["key"],
        kind=row["kind"],
        effective_on=row["effective_on"],
        stated_at=row["stated_at"],
        fields=fields,
        personal=personal,
    )


async def conflicts_of(connection: asyncpg.Connection, result: Material) -> list[Material]:
    """Return the conflicts of those who attended an item, as known at its result, each with the edges of its path."""
    item = await get_item(connection, result.fields["item"], as_known=result.stated_at)
    attended = attended_of(await list_attendance(connection, item["meeting"], as_known=result.stated_at))
    found = await conflicts_at(connection, item, {one.person for one in attended}, result.stated_at)
    return [
        Material(
            decision=result.decision,
            key=f"conflict:{result.fields['item']}:{person}",
            kind="conflict",
            effective_on=result.effective_on,
            stated_at=result.stated_at,
            fields={
                "item": result.fields["item"],
                "person": person,
                "type": str(conflict.type),
                "party": conflict.party,
                "action": str(conflict.action),
                "edges": [edge.id for edge in conflict.path.edges],
                "share": str(conflict.path.share),
                "pack": conflict.pack,
            },
            personal={},
        )
        for person, conflict in sorted(found.items())
    ]
