"""What the routes of several packages take: the caller as a governance lead, and the filter by organisation."""

from typing import Annotated

from fastapi import Query

from libs.common.http.dependencies import allowed
from libs.common.identity import Caller, Role
from services.governance.core.codes import OrganisationCode

Lead = Annotated[Caller, allowed(Role.GOVERNANCE_LEAD)]
OrganisationFilter = Annotated[OrganisationCode | None, Query(description="ODS code of the body's organisation.")]
