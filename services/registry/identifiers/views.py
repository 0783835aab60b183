"""Answers about further roles and codes of other systems."""

from datetime import date, datetime

from pydantic import Field

from services.registry.core.views import View


class RolePeriodView(View):
    """A further role, with its days."""

    role: str = Field(examples=["RO213"])
    first_day: date | None
    last_day: date | None = Field(description="null: no last day is known")


class IdentifierPeriodView(View):
    """A code of another system, with its days."""

    system: str = Field(examples=["ons"])
    identifier: str = Field(examples=["E38000215"])
    first_day: date | None
    last_day: date | None = Field(description="null: no last day is known")


class RolesView(View):
    """The further roles of an organisation, on one day or on any, as known at an instant."""

    code: str
    as_at: date | None = Field(description="null: on any day")
    as_known: datetime | None = Field(description="null: as known now")
    roles: list[RolePeriodView]


class IdentifiersView(View):
    """The codes of an organisation in other systems, on one day or on any, as known at an instant."""

    code: str
    as_at: date | None = Field(description="null: on any day")
    as_known: datetime | None = Field(description="null: as known now")
    identifiers: list[IdentifierPeriodView]


class BearerView(IdentifierPeriodView):
    """The organisation with a code of another system on a day."""

    code: str = Field(description="its ODS code", examples=["01H"])
    name: str | None
    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
