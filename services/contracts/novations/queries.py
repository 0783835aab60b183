"""Reads the novation of a contract, for its parties and for the body that is to enter."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.core.models import known
from services.contracts.core.sight import ON_THE_DAY, PARTY, must_know, reads_through
from services.contracts.novations.errors import NovationNotFound
from services.contracts.novations.views import ConsentView, NovationState, NovationView

_NOW = datetime.max.replace(tzinfo=UTC)

# Who is to enter reads what it is asked to consent to, though it is no party yet, and who leaves what came of it.
_CONCERNED = "($4::text[] && ARRAY[one.entering, one.leaving]) IS TRUE"

_LATEST = f"""
SELECT n.id, n.into, n.role, n.leaving, n.entering, n.takes_effect_on, n.stated_at, c.reference, n.known,
       EXISTS (SELECT FROM novation_completion d WHERE d.novation_id = n.id AND d.stated_at <= n.known) AS done
  FROM contract c {PARTY}
 CROSS JOIN LATERAL (
       SELECT one.*, CASE WHEN {_CONCERNED} THEN $2::timestamptz ELSE sight.known END AS known
         FROM novation one WHERE one.contract_id = c.id) n
 WHERE c.reference = $3 AND ({ON_THE_DAY} OR n.entering = ANY($4))
   AND n.id = (SELECT max(one.id) FROM novation one
                WHERE one.contract_id = c.id AND one.stated_at <= n.known)
 ORDER BY n.id DESC LIMIT 1
"""  # noqa: S608  (what is put in is ours)

_CONSENTS = """
SELECT party_code AS party, consented_on, document, authority, stated_at FROM novation_consent
 WHERE novation_id = $1 AND stated_at <= $2 ORDER BY party_code
"""

_PARTIES = """
SELECT coalesce((SELECT b.value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND (b.valid @> $2::date) IS TRUE AND (b.known @> $3::timestamptz) IS TRUE),
                c.supplier_code) AS supplier,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
               JOIN contract_customer_belief b ON b.subject_id = cc.id
                AND (b.valid @> $2::date) IS TRUE AND (b.known @> $3::timestamptz) IS TRUE
              WHERE cc.contract_id = c.id ORDER BY cc.customer_code) AS customers
  FROM contract c WHERE c.reference = $1
"""


@dataclass(frozen=True, slots=True)
class Parties:
    """The supplier and the customers of a contract on a day."""

    supplier: str
    customers: tuple[str, ...]

    @property
    def all(self) -> list[str]:
        """Every party, sorted."""
        return sorted({self.supplier, *self.customers})


async def parties_of(db: Reads, reference: str, day: date, *, known_at: datetime = _NOW) -> Parties:
    """Return the parties of a contract on a day; no customers where there is no such contract, or it is a draft."""
    rows = await db.fetch(_PARTIES, reference, day, known_at)
    return Parties(rows[0]["supplier"], tuple(rows[0]["customers"])) if rows else Parties("", ())


async def get_novation(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> NovationView:
    """Return the latest novation proposed of a contract. Raises NovationNotFound."""
    rows = await db.fetch(_LATEST, as_at, as_known or _NOW, reference, await reads_through(db, by))
    if not rows:
        raise NovationNotFound(f"no novation of {reference} is known")
    row = rows[0]
    consents = [ConsentView.model_validate(dict(one)) for one in await db.fetch(_CONSENTS, row["id"], row["known"])]
    parties = await parties_of(db, reference, row["takes_effect_on"], known_at=row["known"])
    missing = await missing_consents(
        db, [*parties.all, row["entering"]], [one.party for one in consents], known_at=row["known"]
    )
    state = NovationState.AWAITING_CONSENT if missing else NovationState.CONSENTED
    return NovationView(
        contract=row["reference"],
        into=row["into"],
        role=row["role"],
        leaving=row["leaving"],
        entering=row["entering"],
        takes_effect_on=row["takes_effect_on"],
        state=NovationState.COMPLETED if row["done"] else state,
        consents=consents,
        missing=[] if row["done"] else missing,
        stated_at=row["stated_at"],
        as_known=as_known,
    )


async def must_read_novation(db: Reads, reference: str, *, by: Caller, today: date) -> None:
    """Raise ContractNotFound to who may not know the contract and is not to enter, else NovationNotFound if none is."""
    if not await db.fetch(_LATEST, today, _NOW, reference, await reads_through(db, by)):
        await must_know(db, [reference], by=by, today=today)
        raise NovationNotFound(f"no novation of {reference} is known")


async def missing_consents(
    db: Reads, parties: Collection[str], consented: Collection[str], *, known_at: datetime | None = None
) -> list[str]:
    """Return the parties that have not consented, themselves or through a body that they succeeded."""
    missing = sorted(set(parties).difference(consented))
    return [
        code
        for code in missing
        if not (await known.predecessors(db, [code], as_known=known_at)).intersection(consented)
    ]
