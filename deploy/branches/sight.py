"""Bounds what a planner reads in a branch by what the same token reads in life at the branch's base.

Whoever assumes others in a branch could let a body of theirs take over another one, or a contract of others, or award
it a draft of others, and read there what life does not show them. So a body that has there what it had not in life at
the base gives the planner no reading of parties' matters in that branch, until the token acts for those from whom it
has it. What is open stays open.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.branches.bases import SERVICES, LogEnd
from libs.common.database.connection import Database, dsn
from libs.common.events import CATALOGUE, Envelope
from libs.common.http import problems
from libs.common.http.problems import Unavailable
from libs.common.identity import Caller
from libs.common.temporal.believed import NOW, as_known
from libs.organisations.successions import BOTH_CONTINUE, TODAY
from services.contracts.core.models import known
from services.contracts.suppliers.models import COSTS, Aspect
from services.registry.core.models import successions

_RECORDS = {
    "contracts": frozenset({"contract", "contracts", "replaced", "agreement", "plan", "procurement"}),
    "finance": frozenset({"case", "fund"}),
    "governance": frozenset({"instrument", "proposal", "decision", "recommendation"}),
}
"""The fields of each service's events that name records which their parties alone read. What the registry has of bodies
passes by succession."""

_DRAFTS = """
CREATE SCHEMA IF NOT EXISTS branch;
CREATE TABLE IF NOT EXISTS branch.draft (record text PRIMARY KEY, readers text[]);
"""
_TABLES = {
    "registry": """
CREATE SCHEMA IF NOT EXISTS branch;
CREATE TABLE IF NOT EXISTS branch.lineage (code text, successor text, PRIMARY KEY (successor, code));
""",
    "contracts": """
CREATE SCHEMA IF NOT EXISTS branch;
CREATE TABLE IF NOT EXISTS branch.priced_supplier (code text PRIMARY KEY);
CREATE TABLE IF NOT EXISTS branch.draft (record text PRIMARY KEY, readers text[]);
""",
    "finance": _DRAFTS,
    "governance": _DRAFTS,
}
_AT_THE_BASE = f"""
INSERT INTO branch.lineage
SELECT DISTINCT s.code, s.successor FROM {successions.beliefs} s
 WHERE {as_known("s", NOW)} AND s.shape <> ALL($1) AND s.effective_on <= {TODAY}
"""  # noqa: S608  (only names of ours are put in)
_PRICED = """
INSERT INTO branch.priced_supplier
SELECT DISTINCT o.code FROM supplier o JOIN supplier_statement s ON s.subject_id = o.id WHERE s.facet = ANY($1)
"""
# No event names what is drafted. Who reads it at the base: of a contract for whom it was drafted, its parties once
# it is awarded; of a version of a case, an assessment and a proposal the author.
_CONTRACT_READERS = """
SELECT c.reference AS record, CASE WHEN c.status = 'draft' AND c.awarded_at IS NULL THEN c.drafted_for
       ELSE ARRAY(SELECT customer_code FROM contract_customer cc WHERE cc.contract_id = c.id) || c.supplier_code
       END AS readers
  FROM contract c
"""
_KEEP_DRAFTS = {
    "contracts": f"INSERT INTO branch.draft {_CONTRACT_READERS} WHERE c.status = 'draft'",
    "finance": """
INSERT INTO branch.draft
SELECT DISTINCT concat_ws('/', c.reference, d.version), ARRAY[c.organisation_code]
  FROM business_case c JOIN case_draft d ON d.case_id = c.id
 WHERE NOT EXISTS (SELECT FROM frozen_version f WHERE f.case_id = c.id AND f.version = d.version)
 UNION ALL
SELECT concat_ws('/', 'exit-assessments', a.contract, a.organisation, v.version), ARRAY[a.organisation]
  FROM exit_assessment a JOIN exit_assessment_version v ON v.assessment_id = a.id
 WHERE NOT EXISTS (SELECT FROM published_exit_assessment p WHERE p.version_id = v.id)
""",
    "governance": """
INSERT INTO branch.draft
SELECT p.reference, ARRAY[p.organisation] FROM proposal p
 WHERE NOT EXISTS (SELECT FROM proposal_act o WHERE o.proposal = p.reference AND o.what = 'opened')
""",
}
# Which of the drafts of the base is read by which of the codes $1 now, though none of these read it at the base.
_SHOWN = {
    "contracts": f"""
SELECT code, now.record FROM ({_CONTRACT_READERS}) now JOIN branch.draft d USING (record)
 CROSS JOIN unnest(now.readers) AS code WHERE code = ANY($1) AND NOT d.readers && $1
""",  # noqa: S608  (what is put in stands above)
    "finance": """
SELECT code, c.reference AS record
  FROM branch.draft d JOIN business_case c ON starts_with(d.record, c.reference || '/')
  JOIN frozen_version f ON f.case_id = c.id AND d.record = concat_ws('/', c.reference, f.version)
 CROSS JOIN unnest(f.organisations) AS code WHERE code = ANY($1) AND NOT d.readers && $1
 UNION
SELECT code, a.contract
  FROM published_exit_assessment p JOIN exit_assessment_version v ON v.id = p.version_id
  JOIN exit_assessment a ON a.id = v.assessment_id
  JOIN branch.draft d ON d.record = concat_ws('/', 'exit-assessments', a.contract, a.organisation, v.version)
  JOIN known_contract k ON k.contract = a.contract
 CROSS JOIN unnest(k.customers) AS code WHERE code = ANY($1) AND NOT d.readers && $1
""",
    "governance": """
SELECT code, d.record FROM branch.draft d JOIN proposal_consent c ON c.proposal = d.record
 CROSS JOIN unnest(c.organisations) AS code
 WHERE code = ANY($1) AND NOT d.readers && $1
   AND EXISTS (SELECT FROM proposal_act o WHERE o.proposal = d.record AND o.what = 'opened')
""",
}
_PRICED_AMONG = "SELECT code FROM branch.priced_supplier WHERE code = ANY($1)"
_BEFORE = """
WITH RECURSIVE line (root, code) AS (
    SELECT code, code FROM unnest($1::text[]) AS given (code)
     UNION SELECT line.root, s.code FROM branch.lineage s JOIN line ON s.successor = line.code
)
SELECT root, code FROM line
"""
_SUCCESSIONS = dict.fromkeys(SERVICES, known.successions.beliefs) | {"registry": successions.beliefs}
_TAKEN_OVER = f"""
WITH RECURSIVE line (root, code) AS (
    SELECT code, code FROM unnest($1::text[]) AS given (code)
     UNION
    SELECT line.root, s.code FROM {{beliefs}} s JOIN line ON s.successor = line.code
     WHERE {as_known("s", NOW)} AND s.shape <> ALL($2) AND s.effective_on <= {TODAY}
)
SELECT root, code FROM line WHERE code <> ALL($3)
"""  # noqa: S608  (only names of ours are put in)
_OF_THE_BASE = """
SELECT code FROM unnest($1::text[]) AS code
 WHERE EXISTS (SELECT FROM event_log WHERE position <= $2 AND keys @> ARRAY[code])
"""
# A novation ends one contract and signs another: what follows from one request, or one cause, is looked at together.
_SINCE = """
WITH since AS (
    SELECT correlation, keys, name, body, NULL AS version, NULL AS fields FROM event_log WHERE position > $1
     UNION ALL SELECT correlation, keys, name, NULL, version, fields FROM outbox
)
SELECT * FROM since WHERE correlation IN (SELECT correlation FROM since WHERE keys && $2)
"""
_UP_TO_THE_BASE = "SELECT body FROM event_log WHERE position <= $1 AND keys && $2"
_STANDING = f"""
SELECT (SELECT last_position FROM sequencer_state) AS last, (SELECT max(id) FROM outbox) AS waiting, {TODAY} AS today,
       (SELECT sum(source_position) FROM consumer_offset) AS consumed,
       (SELECT max(id) FROM write_record) AS written
"""  # noqa: S608  (only names of ours are put in)

_checked: ContextVar[tuple[Caller, Caller] | None] = ContextVar("checked", default=None)
"""The caller of the request at hand, as the token has it and as bounded."""

Unread = Mapping[str, tuple[str, ...]]
"""Bodies through which a caller reads nothing of parties, each with what it has in the branch and had not in life."""


async def keep_base(urls: Mapping[str, str], *, is_fresh: bool) -> None:
    """Write down in a branch's copies who lives on in whom at the base, which suppliers stated what they cost, drafts.

    A branch that an older release opened has no lineage: whatever its bodies took over counts as taken over in it.
    """
    kept = {
        "registry": (_AT_THE_BASE, list(BOTH_CONTINUE)),
        "contracts": (_PRICED, [int(aspect) for aspect in (*COSTS, Aspect.ASSESSMENT)]),
    }
    for service, tables in _TABLES.items():
        connection = await asyncpg.connect(dsn(urls[service]))
        try:
            await connection.execute(tables)
            if is_fresh and service in kept:
                await connection.execute(*kept[service])
            if is_fresh and service in _KEEP_DRAFTS:
                await connection.execute(_KEEP_DRAFTS[service])
        finally:
            await connection.close(timeout=5)


@dataclass(slots=True)
class Sight:
    """What callers read in one branch: its services' open databases, and where their logs ended at the base."""

    databases: Mapping[str, Database]
    base: Mapping[str, LogEnd]
    _known: dict[frozenset[str], tuple[object, Unread]] = field(default_factory=dict)

    async def bounded(self, caller: Caller) -> Caller:
        """Return a caller without the organisations through which it would read more than in life at the base."""
        unread = await self.unread(caller)
        return replace(caller, organisations=caller.organisations - unread.keys()) if unread else caller

    async def unread(self, caller: Caller) -> Unread:
        """Return the organisations of a caller through which it reads nothing of parties, and why."""
        if caller.is_national:
            return {}
        standing = await self._standing()
        before, found = self._known.get(caller.organisations, (None, {}))
        if before != standing:
            found = await self._unread(sorted(caller.organisations))
            self._known[caller.organisations] = standing, found
        return found

    async def _standing(self) -> list[tuple[Any, ...]]:
        return [tuple(await database.fetchrow(_STANDING) or ()) for database in self.databases.values()]

    async def _unread(self, codes: list[str]) -> Unread:
        found = defaultdict[str, set[str]](set)
        own = defaultdict[str, set[str]](set)
        for row in await self.databases["registry"].fetch(_BEFORE, codes):
            own[row["code"]].add(row["root"])
        for code, other in await self._taken_over(codes, own):
            found[code].add(other)
        for service in _RECORDS:
            records = await self._records_of_others(service, own)
            shown = await self.databases[service].fetch(_SHOWN[service], sorted(own))
            for code, record in [*records, *((row["code"], row["record"]) for row in shown)]:
                for root in own[code]:
                    found[root].add(record)
        return {code: tuple(sorted(names)) for code, names in sorted(found.items())}

    async def _taken_over(self, codes: list[str], own: Collection[str]) -> list[tuple[str, str]]:
        """Return which of these codes has taken over which body that the base has, as any of the services knows it.

        What the registry has undone stands in another service until that has consumed it.
        """
        pairs = set[tuple[str, str]]()
        for service, database in self.databases.items():
            sql = _TAKEN_OVER.format(beliefs=_SUCCESSIONS[service])
            rows = await database.fetch(sql, codes, list(BOTH_CONTINUE), sorted(own))
            pairs |= {(row["root"], row["code"]) for row in rows}
        others, until = sorted({other for _, other in pairs}), self.base["registry"].position
        there = {row["code"] for row in await self.databases["registry"].fetch(_OF_THE_BASE, others, until)}
        return [(code, other) for code, other in pairs if other in there]

    async def _records_of_others(self, service: str, own: Collection[str]) -> list[tuple[str, str]]:
        """Return which of these codes became a party in the branch to which record of others that the base has."""
        database, until = self.databases[service], self.base[service].position
        together = defaultdict[str, _Parties](_Parties)
        for row in await database.fetch(_SINCE, until, sorted(own)):
            together[row["correlation"]].add(_parties(service, *_event(row)))
        joined = {
            (code, named)
            for one in together.values()
            for code in one.organisations.intersection(own)
            for named in one.records | one.suppliers - {code}
        }
        parties_before, secrets = defaultdict[str, set[str]](set), set[str]()
        wanted = sorted({named for _, named in joined})
        if service == "contracts" and wanted:
            secrets |= {row["code"] for row in await database.fetch(_PRICED_AMONG, wanted)}
        for row in await database.fetch(_UP_TO_THE_BASE, until, wanted) if wanted else ():
            before = _parties(service, *_fields_of(Envelope.decode(row["body"])))
            secrets |= before.records
            for named in before.records | before.suppliers:
                parties_before[named] |= before.organisations
        return [(code, named) for code, named in joined if named in secrets and parties_before[named].isdisjoint(own)]


@dataclass(slots=True)
class _Parties:
    """The organisations of events that their parties alone read, and the records that these name.

    `suppliers` are those of the records, whose costs every customer of theirs reads.
    """

    organisations: set[str] = field(default_factory=set)
    records: set[str] = field(default_factory=set)
    suppliers: set[str] = field(default_factory=set)

    def add(self, others: "_Parties") -> None:
        """Add those of another event."""
        self.organisations |= others.organisations
        self.records |= others.records
        self.suppliers |= others.suppliers


def _event(row: asyncpg.Record) -> tuple[str, int, Mapping[str, Any]]:
    if row["body"] is None:
        return row["name"], row["version"], json.loads(row["fields"])
    return _fields_of(Envelope.decode(row["body"]))


def _fields_of(envelope: Envelope) -> tuple[str, int, Mapping[str, Any]]:
    return envelope.name, envelope.version, envelope.fields


def _parties(service: str, name: str, version: int, fields: Mapping[str, Any]) -> _Parties:
    kind = CATALOGUE.get((name, version))
    if kind is None or not kind.parties_only:
        return _Parties()
    return _Parties(
        _texts(fields.get(one) for one in kind.organisation_fields),
        _texts(fields.get(one) for one in _RECORDS[service].intersection(kind.key_fields)),
        _texts(fields.get(one) for one in {"supplier"}.intersection(kind.key_fields)),
    )


def _texts(values: Iterator[Any]) -> set[str]:
    found = set[str]()
    for value in values:
        found.update([value] if isinstance(value, str) else value or ())
    return found - {""}


async def bounded_for_this_request(sight: Sight, caller: Caller) -> Caller:
    """Return the caller as bounded, and remember it for `AsBounded`."""
    bounded = await sight.bounded(caller)
    _checked.set((caller, bounded))
    return bounded


class AsBounded:
    """Sends an answer only if what its caller reads is still bounded as it was when the caller was let in.

    A command, or what falls due, may be carried out between that and the reading.
    """

    def __init__(self, app: ASGIApp, *, sight: Sight) -> None:
        self._app, self._sight = app, sight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; 503 where it was overtaken, and no further part of an answer that comes in parts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_overtaken = has_begun = False

        async def checked(message: Message) -> None:
            nonlocal is_overtaken, has_begun
            if is_overtaken:
                return
            passed = _checked.get()
            if passed is not None and await self._sight.bounded(passed[0]) != passed[1]:
                is_overtaken = True
                if has_begun:
                    raise ConnectionAbortedError("the caller no longer reads this")
                refused = Unavailable("what you read in this branch has just changed: ask again")
                await problems.refusal(scope["path"], refused)(scope, receive, send)
                return
            has_begun = True
            await send(message)

        token = _checked.set(None)
        try:
            await self._app(scope, receive, checked)
        finally:
            _checked.reset(token)
