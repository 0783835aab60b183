"""Locking the organisations that a command checks or changes, and the instant of the change."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from services.registry.core.errors import OrganisationNotFound
from services.registry.core.models import Organisation

_LATEST = """
SELECT max(s.stated_at) FROM organisation_statement s JOIN organisation o ON o.id = s.subject_id WHERE o.code = ANY($1)
"""


async def get_organisations_to_change(session: AsyncSession, codes: Collection[str]) -> dict[str, Organisation]:
    """Lock those of the organisations that exist, in sorted order, and return them by code as they are now."""
    found = await session.scalars(
        select(Organisation)
        .where(Organisation.code.in_(sorted(set(codes))))
        .order_by(Organisation.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {organisation.code: organisation for organisation in found}


async def get_organisation_to_change(session: AsyncSession, code: str) -> Organisation:
    """Lock one organisation. Raises OrganisationNotFound."""
    found = await get_organisations_to_change(session, [code])
    if code not in found:
        raise OrganisationNotFound(f"no organisation has the code {code}")
    return found[code]


async def next_instant(
    session: AsyncSession, codes: Collection[str], stated_at: datetime, *, in_its_place: bool
) -> datetime:
    """Return when a command states its facts about these organisations, which the caller has locked.

    A command comes after all that was stated of them before, by a microsecond at least. A loader's statement about the
    past stands in the place where it belongs (`in_its_place`).
    """
    if in_its_place:
        return stated_at
    latest: datetime | None = await (await raw(session)).fetchval(_LATEST, sorted(set(codes)))
    return stated_at if latest is None else max(stated_at, latest + timedelta(microseconds=1))
