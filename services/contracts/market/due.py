"""Finds units that missed a deadline, and customers of a supplier that stops; clears both once they are settled."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.findings import in_order_of_days
from libs.common.identity import Caller, service_caller
from libs.common.rulepacks import RulePack
from libs.common.temporal.believed import ALL_DAYS, holds
from libs.common.temporal.history import FIRST_DAY
from services.contracts.core.models import known
from services.contracts.core.packs import PACKS
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind
from services.contracts.market.queries import customers_on, hosts_on, values_on
from services.contracts.market.rules import Assessment, market_pack, missed, replacement_deadlines
from services.contracts.suppliers.models import Aspect
from services.contracts.suppliers.queries import NOW
from services.contracts.suppliers.rules import parts_of

_ONE_DAY = timedelta(days=1)

_STATES = f"""
SELECT o.code, lower(b.valid) AS start, b.value FROM supplier o JOIN supplier_belief b ON b.subject_id = o.id
 WHERE b.facet = {Aspect.STATE:d} AND o.code = ANY($1::text[]) AND {holds("b", ALL_DAYS, "$2::timestamptz")}
 ORDER BY o.code, b.valid
"""  # noqa: S608  (what is put in is ours)
_OPEN = "SELECT key, raised_on FROM finding WHERE kind = $1 AND key LIKE $2 AND cleared_at IS NULL"


@in_order_of_days("deadlines of suppliers")
async def find_missed(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (as every routine of the due work)
    """Raise that a hosted unit missed a deadline; clear it as of the day from which it meets it."""
    changed = 0
    for pack in PACKS:
        if pack.subject == "supplier-deadline" and pack.status == "active" and pack.values["by"] < up_to:
            changed += await _find_missed(session, pack, up_to, stated_at=stated_at)
    return changed


@in_order_of_days("replacements of suppliers")
async def find_replacements(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (as every routine of the due work)
    """Raise for each customer of a supplier that stops by when it begins to replace it; clear it once it need not."""
    connection = await raw(session)
    values = await values_on(connection, (Aspect.ASSESSMENT,), as_at=up_to)
    wanted: list[NewFinding] = []
    for code, one in values.items():
        found = Assessment.model_validate_json(one[Aspect.ASSESSMENT])
        if found.last_day is not None and found.last_day >= up_to:
            wanted += await _replacements(connection, code, found)
    kind = FindingKind.REPLACEMENT_DUE
    open_keys = {row["key"] for row in await connection.fetch(_OPEN, kind.value, "%")}
    settled = open_keys.difference(one.key for one in wanted)
    changed = await clear_findings(session, settled, on=up_to, reason="settled", stated_at=stated_at)
    new = [one for one in wanted if one.key not in open_keys]
    return changed + await raise_findings(session, new, stated_at=stated_at)


async def find_for(session: AsyncSession, code: str, found: Assessment, *, stated_at: datetime) -> None:
    """Raise at once by when the customers of a supplier that stops begin to replace it."""
    wanted = await _replacements(await raw(session), code, found)
    await raise_findings(session, wanted, stated_at=stated_at)


async def _find_missed(session: AsyncSession, pack: RulePack, up_to: date, *, stated_at: datetime) -> int:
    connection, by = await raw(session), pack.values["by"]
    values = await values_on(connection, (Aspect.STATE, Aspect.HOST), as_at=by)
    hosts = await hosts_on(connection, values, as_at=by)
    hosted = [code for code in values if set(hosts.get(code, ())) & set(pack.values["boards"])]
    # Of a unit that was closed or succeeded by then, the registry says so, and its own sources need not.
    bodies = await known.statuses(connection, hosted, as_at=by)
    hosted = [code for code in hosted if bodies[code].status != "closed"]
    states: dict[str, list[tuple[date, str]]] = defaultdict(list)
    for row in await connection.fetch(_STATES, hosted, NOW):
        states[row["code"]].append((row["start"] or FIRST_DAY, parts_of(row["value"])[0]))
    prefix = f"deadline:{pack.id}:"
    is_open = {row["key"] for row in await connection.fetch(_OPEN, FindingKind.DEADLINE_MISSED.value, f"{prefix}%")}
    late, settled = [], dict.fromkeys(is_open, by + _ONE_DAY)
    for code in hosted:
        is_missed, since = missed(pack.values, states[code])
        if is_missed and (since is None or since > up_to):
            settled.pop(f"{prefix}{code}", None)
            late.append(code)
        elif is_missed and since is not None and f"{prefix}{code}" in is_open:
            settled[f"{prefix}{code}"] = since
    changed = 0
    for key, day in settled.items():
        changed += await clear_findings(session, [key], on=day, reason="met", stated_at=stated_at)
    new = [code for code in late if f"{prefix}{code}" not in is_open]
    findings = [await _deadline(connection, pack, code, hosts[code]) for code in new]
    return changed + await raise_findings(session, findings, stated_at=stated_at)


async def _deadline(db: Reads, pack: RulePack, code: str, hosts: Iterable[str]) -> NewFinding:
    by, what = pack.values["by"], pack.values["what"]
    customers = await customers_on(db, code, by, by=service_caller("contracts"))
    return NewFinding(
        key=f"deadline:{pack.id}:{code}",
        kind=FindingKind.DEADLINE_MISSED,
        about=(code,),
        parties=tuple(dict.fromkeys((code, *sorted(hosts), *customers))),
        text=f"{code} is not {what}: it was to be by {by} ({pack.id}). Its contracts stay as they are",
        effective_on=by + _ONE_DAY,
        due_on=by,
    )


async def _replacements(db: Reads, code: str, found: Assessment) -> Sequence[NewFinding]:
    """Return what each customer of a supplier that stops has to begin, on each route; nothing where it does not."""
    if found.last_day is None:
        return []
    pack = market_pack(found.assessed_on, subject="replacement-lead-time")
    customers = await customers_on(db, code, found.last_day, by=service_caller("contracts"))
    return [
        NewFinding(
            key=f"replace:{code}:{customer}:{one.route}:{found.last_day}",
            kind=FindingKind.REPLACEMENT_DUE,
            about=(code, customer),
            parties=(customer, code),
            text=f"{code} serves to {found.last_day}: {customer} begins {one.title} by {one.begin_by} "
            f"({one.months} months, {pack.id})",
            effective_on=found.assessed_on,
            due_on=one.begin_by,
        )
        for customer in customers
        for one in replacement_deadlines(pack, found.last_day)
    ]
