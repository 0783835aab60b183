"""Answers of the commands about organisations."""

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
    """The organisations that were opened or proposed."""

    organisations: list[OpenedView]
