"""Answers about levels of co-commissioning."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from services.governance.core.views import View


class LevelView(View):
    """An organisation's level of co-commissioning on a day."""

    organisation: str
    level: Annotated[int | None, Field(description="1 influence, 2 jointly, 3 delegated; null where none is known.")]
    functions: Annotated[
        list[str], Field(description="What it decides at level 2 or 3, and no further; its part in it at level 1.")
    ]
    safeguards: list[str]
    version: Annotated[int, Field(description="For If-Match; 0 where no level was ever stated.")]
    first_day: date | None
    last_day: date | None
    says: Annotated[list[str], Field(description="What the level lets it do.")]
    as_at: date
    as_known: datetime | None
