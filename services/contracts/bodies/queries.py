"""Keeps and reads the copies of legal forms and populations, by the registry's own rules."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import asyncpg

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.registry import OrganisationLegalFormChanged, PopulationPublished, SourceReported
from libs.common.messaging.subscriptions import Projection
from libs.common.rulepacks import in_force
from libs.common.temporal.timeline import NewStatement
from libs.organisations.populations import Count, in_precedence
from libs.organisations.statements import Facet, source_of, statements_of
from services.contracts.bodies.models import legal_forms
from services.contracts.bodies.rules import TARIFF_TIERS, tier_of
from services.contracts.core.models import FACET, known
from services.contracts.core.packs import PACKS

EVENTS: Final = (OrganisationLegalFormChanged, SourceReported, PopulationPublished)

REGISTERED: Final = "registered"
"""The basis of the counts that give a commissioner's population."""

_BY = "service:registry"
_OWN = "command"
"""What the registry calls its own statements, which name no source in events."""
_NOW = datetime.max.replace(tzinfo=UTC)

_CONTENT = """
SELECT 'form' AS what, k.code, b.value, b.valid::text, b.known::text
  FROM known_body k JOIN known_legal_form_belief b ON b.subject_id = k.id
 UNION ALL
SELECT 'population', code, concat_ws('|', basis, people, source, rank), effective_on::text, stated_at::text
  FROM known_population
 ORDER BY 1, 2, 3, 4, 5
"""

MIGRATED = "(migration)"
"""The row of a migration that found organisations known already: the copy is then rebuilt at the start."""

projection = Projection(
    name="known_bodies",
    tables=(legal_forms.beliefs, legal_forms.statements, "known_body", "known_population"),
    content=_CONTENT,
    carried_over=f"SELECT EXISTS (SELECT FROM known_body WHERE code = '{MIGRATED}')",  # noqa: S608  (a name from the code)
)

# Locked in order by the update, so that two batches about one body are taken up one after the other.
_BODIES = """
INSERT INTO known_body AS k (code) SELECT c FROM unnest($1::text[]) AS new (c) ORDER BY c
    ON CONFLICT (code) DO UPDATE SET code = k.code
RETURNING code, id
"""

_COUNTED = """
INSERT INTO known_population (code, basis, effective_on, people, stated_at, rank, source)
SELECT * FROM unnest($1::text[], $2::text[], $3::date[], $4::bigint[], $5::timestamptz[], $6::smallint[], $7::text[])
    ON CONFLICT DO NOTHING
"""

_COUNTS = """
SELECT code, people, effective_on, source, rank, stated_at FROM known_population
 WHERE code = ANY($1) AND basis = $2 AND effective_on <= $3 AND stated_at <= $4
"""

# Contracts for GMS and PMS that run on the day, with the supplier, its form and the customers of that day.
_PRIMARY_CARE = """
SELECT c.reference, c.form AS contract_form, s.supplier, f.value AS legal_form,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
               JOIN contract_customer_belief b ON b.subject_id = cc.id
              WHERE cc.contract_id = c.id AND (b.valid @> $1::date) IS TRUE AND upper_inf(b.known)
              ORDER BY cc.customer_code) AS customers
  FROM contract c
  JOIN contract_life_belief life
    ON life.subject_id = c.id AND life.value = 'active' AND (life.valid @> $1::date) IS TRUE AND upper_inf(life.known)
 CROSS JOIN LATERAL (
       SELECT coalesce((SELECT b.value FROM contract_supplier_belief b
                         WHERE b.subject_id = c.id AND (b.valid @> $1::date) IS TRUE AND upper_inf(b.known)),
                       c.supplier_code) AS supplier) s
  LEFT JOIN known_body k ON k.code = s.supplier
  LEFT JOIN known_legal_form_belief f
    ON f.subject_id = k.id AND (f.valid @> $1::date) IS TRUE AND upper_inf(f.known)
 WHERE c.form IN ('gms', 'pms') AND ($2::text IS NULL OR s.supplier = $2)
 ORDER BY c.reference
"""

_OPEN = """
SELECT key FROM finding
 WHERE cleared_at IS NULL AND kind = $1 AND ($2::text IS NULL OR about @> ARRAY[$2]) ORDER BY key
"""

_FORM = """
SELECT b.value FROM known_body k JOIN known_legal_form_belief b ON b.subject_id = k.id
 WHERE k.code = $1 AND (b.valid @> $2::date) IS TRUE AND (b.known @> $3::timestamptz) IS TRUE
"""


@dataclass(frozen=True, slots=True)
class PrimaryCareContract:
    """A contract for primary medical services that runs on a day, and the legal form of its supplier."""

    reference: str
    contract_form: str
    supplier: str
    legal_form: str | None
    customers: list[str]

    @property
    def finding(self) -> str:
        """The key of the finding that the form may not hold it."""
        return f"form:{self.reference}:{self.supplier}"


async def list_primary_care(db: Reads, day: date, supplier: str | None) -> list[PrimaryCareContract]:
    """Return the GMS and PMS contracts that run on a day, of one supplier or of all, by reference."""
    return [PrimaryCareContract(**row) for row in await db.fetch(_PRIMARY_CARE, day, supplier)]


async def list_open(db: Reads, kind: str, supplier: str | None) -> list[str]:
    """Return the keys of the open findings of a kind, about one supplier or all."""
    return [row["key"] for row in await db.fetch(_OPEN, kind, supplier)]


async def know(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Take a batch of the registry's events into the copy: a few statements, however many events."""
    forms = [(event, one) for event in events for one in statements_of(event) if one.facet == Facet.LEGAL_FORM]
    if forms:
        codes = sorted({one.code for _, one in forms})
        ids = {row["code"]: row["id"] for row in await connection.fetch(_BODIES, codes)}
        stated = [
            NewStatement(
                ids[one.code], FACET, one.value, one.days, event.stated_at, one.fills_before, one.rank, source_of(event)
            )
            for event, one in forms
        ]
        await legal_forms.state(connection, stated, source="registry", by=_BY)
    # Of those who live in one local authority only finance needs the count.
    counts = [event for event in events if isinstance(event, PopulationPublished) and not event.local_authority]
    if counts:
        await connection.execute(
            _COUNTED,
            [one.code for one in counts],
            [one.basis for one in counts],
            [one.effective_on for one in counts],
            [one.people for one in counts],
            [one.stated_at for one in counts],
            [one.rank for one in counts],
            [one.source or _OWN for one in counts],
        )


async def legal_form_of(db: Reads, code: str, *, as_at: date, as_known: datetime | None = None) -> str | None:
    """Return a body's legal form as at a day, as known at an instant (default: now); None where none is known."""
    rows = await db.fetch(_FORM, code, as_at, as_known or _NOW)
    return str(rows[0]["value"]) if rows else None


async def populations_of(
    db: Reads, codes: Collection[str], *, basis: str, as_at: date, as_known: datetime | None = None
) -> dict[str, Count]:
    """Return of each body that was counted on a basis the count that has precedence on a day, as known."""
    counts: dict[str, list[Count]] = defaultdict(list)
    for row in await db.fetch(_COUNTS, sorted(set(codes)), basis, as_at, as_known or _NOW):
        code, *columns = row
        counts[code].append(Count(*columns))
    return {code: in_precedence(several)[0] for code, several in counts.items()}


async def people_of(db: Reads, codes: Collection[str], *, as_at: date, as_known: datetime | None = None) -> int | None:
    """Return how many people several bodies have together on a day; None where one of them was not counted."""
    counts = await populations_of(db, codes, basis=REGISTERED, as_at=as_at, as_known=as_known)
    return sum(one.people for one in counts.values()) if codes and counts.keys() == set(codes) else None


async def tier_of_customers(
    db: Reads, customers: Collection[str], *, as_at: date, as_known: datetime | None = None
) -> str | None:
    """Return the tariff tier of bodies together on a day; None where one was not counted, or no pack is in force."""
    people = await people_of(db, customers, as_at=as_at, as_known=as_known)
    if people is None or not in_force(PACKS, as_at, subject=TARIFF_TIERS):
        return None
    return tier_of(people, as_at).name


async def tiers_of_functions(
    db: Reads, customers: Collection[str], functions: Sequence[str], *, as_at: date
) -> tuple[str, ...]:
    """Return the tier of a contract's customers on a day for each function; none where it is not known."""
    tier = await tier_of_customers(db, customers, as_at=as_at)
    return (tier,) * len(functions) if tier else ()


async def standing_bodies(db: Reads, codes: Collection[str], *, on: date) -> dict[str, str]:
    """Return each body as it stands on a day: of one that has closed by then the one open body that succeeded it."""
    status = await known.statuses(db, codes, as_at=on)
    closed = [code for code in status if status[code].status == "closed"]
    lineage = await known.successors_of_each(db, closed) if closed else {}
    later = await known.statuses(db, sorted(frozenset[str]().union(*lineage.values())), as_at=on)
    found = {code: [one for one in sorted(lineage[code]) if later[one].status == "open"] for code in closed}
    return {code: found[code][0] if len(found.get(code, ())) == 1 else code for code in status}
