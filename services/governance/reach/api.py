"""The route that says whom a decision binds."""

from typing import Annotated

from fastapi import Path, Query

from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, commands_router, problems
from services.governance.core.codes import Action, BodyReference
from services.governance.core.errors import BodyNotFound
from services.governance.reach.queries import binding_of
from services.governance.reach.views import BindingView

router = commands_router(tags=["Instruments"])

BodyPath = Annotated[BodyReference, Path(description="Its reference.", examples=["JOINT-north-london"])]


@router.get("/bodies/{body}/binding", summary="Find whom a body's decision binds", responses=problems(BodyNotFound))
async def get_binding(
    body: BodyPath,
    rows: Rows,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    action: Annotated[Action, Query(description="What it would decide on.")],
) -> BindingView:
    """Return which organisations a decision on the action binds on the day, by which instrument, or why none.

    A lead commissioner's binds itself and each party that delegated the action to it, on what is theirs.
    """
    found = await binding_of(rows, body, action, on=as_at, as_known=as_known)
    return BindingView(
        body=body,
        action=action,
        binding=found.how,
        binds=list(found.binds),
        instrument=found.instrument,
        pack=found.pack,
        reasons=list(found.reasons),
        as_at=as_at,
        as_known=as_known,
    )
