"""Route that states what is new of many organisations."""

from libs.common.http.dependencies import StatedAt, Write, binds, commands_router, problems
from services.registry.core.errors import OrganisationNotFound
from services.registry.edge import Registrar
from services.registry.organisations.views import OpenedListView, OpenedView
from services.registry.revisions import commands
from services.registry.revisions.errors import RevisionsNotAllowed

router = commands_router(tags=["Organisations"])


@router.post(
    "/organisations/revisions",
    response_model=OpenedListView,
    summary="State what is new of up to 500 organisations",
    responses=problems(OrganisationNotFound, RevisionsNotAllowed),
)
@binds(
    "organisations.code",
    "organisations.parent",
    "organisations.local_office",
    "organisations.stp",
    "organisations.icb",
    "organisations.region",
    "the bodies above that they leave",
)
async def revise_organisations(
    command: commands.ReviseOrganisations, session: Write, by: Registrar, stated_at: StatedAt
) -> OpenedListView:
    """State names, kinds, legal statuses, bodies above, codes and populations of many organisations from one day.

    It is one transaction: all of it or nothing, as when the law renames a hundred bodies at midnight. A refusal lists
    every reason. Versions are not compared: what is stated is new from its day, and earlier days keep their values.
    """
    revised = await commands.revise_organisations(session, command, by=by, stated_at=stated_at)
    return OpenedListView(organisations=[OpenedView.model_validate(one) for one in revised])
