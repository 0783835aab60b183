"""What the routes of several packages share: path parameters, roles."""

from typing import Annotated

from fastapi import Depends, Path, Query

from libs.common.codes import numbered
from libs.common.http.dependencies import By, IfMatch, Rows, UnreadableVersion, Write, allowed, stale
from libs.common.http.problems import PreconditionMissing, StaleVersion, may_raise
from libs.common.identity import Caller, Role
from libs.common.temporal.days import WrittenDay
from services.registry.core.change import get_organisation_to_change
from services.registry.core.codes import Code
from services.registry.core.errors import OrganisationNotFound
from services.registry.core.levels import InLevels, Level
from services.registry.core.models import Organisation
from services.registry.core.permissions import PREPARING
from services.registry.core.sight import Sight, sight_of

EDIT_REFUSALS = (PreconditionMissing, StaleVersion, UnreadableVersion)


CodeInPath = Annotated[Code, Path(description="ODS code", examples=["10Y"])]


MergerInPath = Annotated[
    str,
    numbered("M", "M-14Y"),
    Path(description="the reference that the agreement gave", examples=["M-14Y"]),
]


Preparing = Annotated[Caller, allowed(*PREPARING)]
"""Who records schemes and evidence."""


OfDay = Annotated[WrittenDay | None, Query(alias="as_at", description="Only on this day; on any day if left out.")]


WithSightings = Annotated[
    bool, Query(description="also where each value comes from, and on which days it was seen", examples=[True])
]


def _levels(
    commissioner: Annotated[Code | None, Query(description="only practices of this commissioner on the day")] = None,
    in_local_office: Annotated[Code | None, Query(description="only those in this local office on the day")] = None,
    in_stp: Annotated[Code | None, Query(description="only those in this STP on the day")] = None,
    in_icb: Annotated[Code | None, Query(description="only those in this ICB on the day", examples=["QT1"])] = None,
    in_region: Annotated[Code | None, Query(description="only those in this region on the day")] = None,
) -> InLevels:
    asked = {
        Level.COMMISSIONER: commissioner,
        Level.LOCAL_OFFICE: in_local_office,
        Level.STP: in_stp,
        Level.ICB: in_icb,
        Level.REGION: in_region,
    }
    return {level: code for level, code in asked.items() if code is not None}


Levels = Annotated[InLevels, Depends(_levels)]
"""The bodies of each level that an organisation has to be in: of a practice, those of its commissioner."""


async def _sight(by: By, rows: Rows) -> Sight:
    return await sight_of(rows, by)


Seeing = Annotated[Sight, Depends(_sight)]
"""What the caller reads of what is written for parties."""


Registrar = Annotated[Caller, allowed(Role.REGISTRAR)]


@may_raise(OrganisationNotFound)
async def _organisation_to_change(code: CodeInPath, session: Write, by: Registrar, expected: IfMatch) -> Organisation:
    organisation = await get_organisation_to_change(session, code, by=by)
    stale(organisation.version, expected)
    return organisation


ToChange = Annotated[Organisation, Depends(_organisation_to_change)]
"""The organisation in the path, which the registrar acts for, locked, at the version that it read."""
