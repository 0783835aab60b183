"""A person's record, with and without the name."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.governance.bodies.views import AppointmentView
from services.governance.core.codes import PersonId
from services.governance.core.views import View


class PersonRecordView(View):
    """A person's record without the name: commands answer with it, and their answers are stored for repetition."""

    person: PersonId
    organisation: Annotated[
        str | None, Field(description="ODS code of the body that keeps the record.", examples=["07X"])
    ]
    version: Annotated[int, Field(description="The version of the record, for If-Match.")]


class NameView(PersonRecordView):
    """A person's name, as last corrected; none while it is restricted."""

    display_name: Annotated[
        str | None,
        Field(description="Null while `restricted` has a reason.", examples=["Chief officer, north London"]),
    ]
    restricted: Annotated[
        str | None, Field(description="The code for which the name is not given out.", examples=[None])
    ]


class NamesView(View):
    """The names that the caller may read of those it asked for, ordered by id."""

    people: list[NameView]


class CorrectionView(View):
    """A correction of the name. The earlier name is not stored."""

    corrected_by: Annotated[str, Field(description="The subject of the caller's token.")]
    corrected_at: datetime


class PersonView(NameView):
    """A person and every appointment: five bodies are five appointments, and five accountabilities."""

    corrections: list[CorrectionView]
    appointments: list[AppointmentView]
