"""The answer about whom a decision binds."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from services.governance.core.views import View


class BindingView(View):
    """Whom a decision of a body on an action binds on a day, by which instrument, or why it binds no one."""

    body: str
    action: str
    binding: Annotated[
        str, Field(description="`all` of the parties that delegated it, its `own` organisation, or `none`.")
    ]
    binds: list[str]
    instrument: Annotated[str, Field(description="Of several lead commissioner's instruments the first.")]
    pack: str
    reasons: Annotated[list[str], Field(description="Why it binds no organisation, or not those for which it leads.")]
    as_at: date
    as_known: datetime | None
