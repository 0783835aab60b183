"""Routes about sourcing, what can be chosen, and the rule packs of contracts."""

from typing import Annotated

from fastapi import Query

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    problems,
    questions_router,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.contracts.core.codes import OdsCode
from services.contracts.core.errors import FunctionUnknown, NoRuleInForce
from services.contracts.edge import Lead
from services.contracts.sourcing import commands, errors, queries
from services.contracts.sourcing.views import RulePackView, SourcingOptionsView, SourcingView

router = commands_router(tags=["Sourcing"])


@router.get(
    "/sourcing/{organisation}",
    summary="Read how a body has its functions done",
    responses=problems(errors.SourcingNotFound, NoRuleInForce),
)
async def get_sourcing(organisation: OdsCode, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> SourcingView:
    """Return do, buy or share of each function as at the day, what is not assigned, and agreements that are overdue.

    It is read by who acts for the body or its successor, and by a national body.
    """
    return await queries.get_sourcing(rows, organisation, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/sourcing/{organisation}",
    status_code=201,
    summary="Submit how a body has its functions done",
    responses=problems(
        errors.FunctionUnassigned, errors.BodyNotKnown, FunctionUnknown, NoRuleInForce, NotYoursToDecide, RoleMissing
    ),
)
@binds("{organisation}")
async def submit_sourcing(
    organisation: OdsCode,
    command: commands.SubmitSourcing,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> SourcingView:
    """State do, buy or share of functions from a day on; the first submission covers every function.

    The body may be proposed: it decides before it is established. A first submission after the rule pack's deadline is
    taken, with a finding. The answer is as at `effective_on`.
    """
    await commands.submit_sourcing(session, organisation, command, by=by, today=today, stated_at=stated_at)
    connection = await raw(session)
    return await queries.get_sourcing(connection, organisation, by=by, as_at=command.effective_on, as_known=None)


options_router = questions_router(tags=["Sourcing"])


@options_router.get(
    "/sourcing-options",
    summary="List what a body can choose",
    responses=problems(FunctionUnknown, NoRuleInForce),
)
async def list_sourcing_options(
    _: By,
    as_at: AsAt,
    function: Annotated[
        list[str] | None, Query(description="Only these functions; repeat the parameter.", max_length=100)
    ] = None,
) -> SourcingOptionsView:
    """List choices, models and structures of the day, and for each function its options of delivery beside nothing.

    Without `function` those for which the rule pack has options.
    """
    return queries.options_on(as_at, function)


@options_router.get("/rule-packs", summary="List the rule packs of contracts", responses=problems())
async def list_rule_packs(_: By) -> list[RulePackView]:
    """List every pack by subject and first day, with its citation: what an answer names as its pack is here."""
    return queries.list_rule_packs()
