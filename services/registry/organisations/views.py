"""What the routes that change organisations answer."""

from pydantic import BaseModel

from services.registry.core.errors import NoChange, OrganisationNotFound
from services.registry.core.views import View
from services.registry.edge import EDIT_REFUSALS
from services.registry.organisations.errors import NotOpen

REFUSALS = (OrganisationNotFound, NotOpen, NoChange, *EDIT_REFUSALS)


class OpenedView(View):
    """An organisation that was opened or changed."""

    code: str
    version: int


class OpenedListView(BaseModel):
    """All of them."""

    organisations: list[OpenedView]
