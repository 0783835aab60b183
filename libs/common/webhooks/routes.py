"""Routes of webhooks, which every service has."""

from typing import Annotated

from fastapi import Path, Request, Response

from libs.common.http.dependencies import (
    IfMatch,
    Page,
    Paging,
    Rows,
    Today,
    UnreadableVersion,
    Write,
    allowed,
    binds_none,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, Role
from libs.common.messaging.event_log import EpochEnded
from libs.common.webhooks import commands, queries
from libs.common.webhooks.errors import (
    DeadLetterNotFound,
    TooManyWebhooks,
    WebhookNotActive,
    WebhookNotFound,
    WebhookRefused,
    WebhooksOff,
)
from libs.common.webhooks.signing import SigningScheme
from libs.common.webhooks.targets import Reach
from libs.common.webhooks.views import DeadLetterView, RedeliveryView, RegisteredWebhookView, WebhookView

router = commands_router(tags=["Webhooks"])

_OWN = "a webhook is its caller's, and sends only what the caller's feed shows"

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="the webhook's number", examples=[1])]
Partner = Annotated[Caller, allowed(Role.PARTNER)]
PartnerOrOperator = Annotated[Caller, allowed(Role.PARTNER, Role.OPERATOR)]


@router.get("/webhooks", summary="List your webhooks")
async def list_webhooks(request: Request, rows: Rows, by: PartnerOrOperator, paging: Paging) -> Page[WebhookView]:
    """List the caller's webhooks, ordered by number; an operator sees those of all callers. No secret is shown."""
    [after] = paging.key(int) or [0]
    found = await queries.list_webhooks(rows, by=by, after=after, limit=paging.fetch)
    return page(found, key=lambda one: one.number, request=request)


@router.post(
    "/webhooks",
    status_code=201,
    summary="Register a webhook",
    responses=problems(WebhookRefused, WebhooksOff, TooManyWebhooks, EpochEnded),
)
@binds_none(because=_OWN)
async def register_webhook(
    command: commands.RegisterWebhook, session: Write, by: Partner, today: Today, request: Request, response: Response
) -> RegisteredWebhookView:
    """Have events posted to a target of yours, signed as Standard Webhooks has it; the secret is shown this once.

    It sends what your feed shows with this token's organisations, for 90 days; any change or `resume` renews that.
    """
    made = await commands.register_webhook(session, command, by=by, at=_subscribing(request, today))
    return _tagged(response, made)


@router.get("/webhooks/{number}", summary="Get a webhook", responses=problems(WebhookNotFound))
async def get_webhook(number: Number, rows: Rows, by: PartnerOrOperator, response: Response) -> WebhookView:
    """Return one of the caller's webhooks, for an operator any. Other callers' webhooks give 404."""
    found = await queries.get_webhook(rows, number, by=by)
    etag(response, found.version)
    return found


@router.put(
    "/webhooks/{number}",
    summary="Change a webhook",
    responses=problems(WebhookNotFound, WebhookRefused, StaleVersion, PreconditionMissing, UnreadableVersion),
)
@binds_none(because=_OWN)
async def change_webhook(
    number: Number,
    command: commands.ChangeWebhook,
    session: Write,
    by: Partner,
    expected: IfMatch,
    today: Today,
    request: Request,
    response: Response,
) -> WebhookView:
    """Replace the target and the filter. Its rights become this token's; what waits to be tried again is tried now."""
    stale((await commands.get_own_webhook_to_change(session, number, by=by))["version"], expected)
    changed = await commands.change_webhook(session, number, command, by=by, at=_subscribing(request, today))
    etag(response, changed.version)
    return changed


@router.delete(
    "/webhooks/{number}",
    status_code=204,
    summary="Delete a webhook",
    responses=problems(WebhookNotFound, StaleVersion, PreconditionMissing, UnreadableVersion),
)
@binds_none(because=_OWN)
async def end_webhook(number: Number, session: Write, by: PartnerOrOperator, expected: IfMatch) -> None:
    """Delete a webhook and its dead letters. An operator may delete any. The events stay in the feed."""
    stale((await commands.get_webhook_to_change(session, number, by=by))["version"], expected)
    await commands.end_webhook(session, number)


@router.post("/webhooks/{number}/pause", summary="Pause a webhook", responses=problems(WebhookNotFound))
@binds_none(because=_OWN)
async def pause_webhook(number: Number, session: Write, by: PartnerOrOperator, response: Response) -> WebhookView:
    """Send nothing until it is resumed, and keep its position. An operator may pause any."""
    await commands.get_webhook_to_change(session, number, by=by)
    paused = await commands.pause_webhook(session, number, by=by)
    etag(response, paused.version)
    return paused


@router.post(
    "/webhooks/{number}/resume",
    summary="Resume a webhook, or replay events",
    responses=problems(WebhookNotFound, EpochEnded, WebhooksOff),
)
@binds_none(because=_OWN)
async def resume_webhook(
    number: Number,
    command: commands.ResumeWebhook,
    session: Write,
    by: Partner,
    today: Today,
    request: Request,
    response: Response,
) -> WebhookView:
    """Continue where it stopped, or after a position: the same positions as in the feed and on Kafka.

    An earlier position sends its events again, whether the webhook is active or not. Its rights become this token's.
    """
    commands.must_send(_subscribing(request, today))
    await commands.get_own_webhook_to_change(session, number, by=by)
    resumed = await commands.resume_webhook(session, number, command, by=by)
    etag(response, resumed.version)
    return resumed


@router.post("/webhooks/{number}/secret", summary="Make a new secret", responses=problems(WebhookNotFound))
@binds_none(because=_OWN)
async def renew_secret(number: Number, session: Write, by: Partner, response: Response) -> RegisteredWebhookView:
    """Make a new secret, or a new key, and show it this once. For a day deliveries are signed with the former too."""
    found = await commands.get_own_webhook_to_change(session, number, by=by)
    return _tagged(response, await commands.renew_secret(session, number, SigningScheme(found["signing"]), by=by))


@router.get(
    "/webhooks/{number}/dead-letters",
    summary="List the events that a webhook gave up",
    responses=problems(WebhookNotFound),
)
async def list_dead_letters(
    number: Number, request: Request, rows: Rows, by: PartnerOrOperator, paging: Paging
) -> Page[DeadLetterView]:
    """List events whose last attempt failed, in the order of the log. Each is in the feed at its position."""
    [after] = paging.key(int) or [0]
    found = await queries.list_dead_letters(rows, number, by=by, after=after, limit=paging.fetch)
    return page(found, key=lambda one: one.position, request=request)


@router.post(
    "/webhooks/{number}/redelivery",
    status_code=202,
    summary="Send dead letters again",
    responses=problems(WebhookNotFound, DeadLetterNotFound, WebhookNotActive),
)
@binds_none(because=_OWN)
async def redeliver_dead_letters(
    number: Number, command: commands.Redeliver, session: Write, by: Partner
) -> RedeliveryView:
    """Send dead letters once more, each once, in the order of the log; those that are delivered leave the list."""
    found = await commands.get_own_webhook_to_change(session, number, by=by)
    return RedeliveryView(waiting=await commands.redeliver(session, found, command))


def _subscribing(request: Request, today: Today) -> commands.Subscribing:
    state = request.app.state
    return commands.Subscribing(
        service=state.service.name,
        watched=state.service.watched,
        reach=Reach(state.settings.webhook_targets),
        today=today,
    )


def _tagged(response: Response, made: RegisteredWebhookView) -> RegisteredWebhookView:
    etag(response, made.version)
    return made
