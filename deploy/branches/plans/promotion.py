"""Makes a plan of a branch's steps, and gives its steps in life: each on its day, by whoever has the right then."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qsl, urlencode, urljoin

import httpx

from deploy.branches.conflicts import ConflictingEvent, codes_named, read_carried_out, read_conflicts, read_touch
from deploy.branches.plans.errors import BaseMoved, PlanStepNotFound, PromotionRefused, StepNotDue
from deploy.branches.plans.ids import Replacement, given_by
from deploy.branches.plans.rules import StepState, states
from deploy.branches.plans.store import Plan, PlannedStep, PlanStore
from deploy.branches.steps import Intent, Step, as_json, correlation
from libs.common.errors import Reason, as_sentence
from libs.common.http import plan_steps
from libs.common.http.conditional import versions
from libs.common.http.middleware import CORRELATION_ID
from libs.common.http.problems import Unavailable
from libs.common.http.transactions import VERSION
from libs.common.identity import Caller
from libs.common.messaging.event_log import End

_REFERENCE_BYTES, _KEY_BYTES = 8, 24
_CLOCK = f"{VERSION}/operations/clock"


@dataclass(frozen=True, slots=True)
class ServicesOfLife:
    """The four services of life, as clients ask them; and the URLs of their databases, which are only read."""

    clients: Mapping[str, httpx.AsyncClient]
    urls: Mapping[str, str]

    async def today(self, token: str) -> date:
        """Return life's day. Raises Unavailable."""
        answer = await self.ask("registry", "GET", _CLOCK, token)
        if not answer.is_success:
            raise Unavailable("the registry does not say which day it is")
        return date.fromisoformat(answer.json()["today"])

    async def ask(
        self, service: str, method: str, path: str, token: str, *, content: bytes = b"", **headers: str | None
    ) -> httpx.Response:
        """Send a caller's request to a service; underscores of headers are hyphens. Raises Unavailable."""
        sent = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        sent["Authorization"] = f"Bearer {token}"
        try:
            return await self.clients[service].request(method, path, content=content, headers=sent)
        except httpx.HTTPError as error:
            raise Unavailable(f"{service} is not reached; give the step again: it is carried out once") from error


async def make_plan(
    store: PlanStore,
    life: ServicesOfLife,
    steps: Sequence[Step],
    *,
    name: str,
    branch_id: str,
    line: str,
    bodies: Sequence[str],
    copies: Mapping[str, str],
    base: Mapping[str, End],
    by: Caller,
) -> Plan:
    """Make the plan of a branch whose databases are `copies`; the one that was made before, if any.

    `line` is the first branch of which this one is a rebase, or its own id. Raises PromotionRefused, BaseMoved.
    """
    if (made := await store.of_branch(branch_id)) is not None:
        return made
    await _must_be_alone(store, line)
    done = [step for step in steps if step.is_done]
    _must_be_promotable(steps, done)
    named = {step.number: codes_named(step.intent.path, step.intent.pairs, step.intent.json) for step in done}
    touch = await read_touch(copies, base, named, {correlation(branch_id, step.number): step.number for step in done})
    plan = Plan(
        reference=f"PL-{secrets.token_hex(_REFERENCE_BYTES)}",
        key=secrets.token_urlsafe(_KEY_BYTES),
        branch=name,
        branch_id=branch_id,
        line=line,
        owner=by.subject,
        bodies=tuple(bodies),
        base=base,
        foreseen=touch.foreseen,
        steps=tuple(_planned(step, touch.codes[step.number]) for step in done),
    )
    await must_not_have_moved(plan, life, by)
    if not await store.add(plan) and (made := await store.of_branch(branch_id)) is None:
        await _must_be_alone(store, line)
    return await store.of_branch(branch_id) or plan


async def _must_be_alone(store: PlanStore, line: str) -> None:
    """Raise PromotionRefused if the same commands are a plan already, made of a branch of the same line."""
    if (other := await store.of_line(line)) is not None:
        reason = f"{other.reference}, made of {other.branch}, has the same commands: withdraw what is left of it first"
        raise PromotionRefused(reason, reasons=[Reason(reason, "plan")])


def _must_be_promotable(steps: Sequence[Step], done: Sequence[Step]) -> None:
    """Raise PromotionRefused with every reason why these steps are no plan."""
    reasons = [] if done else [Reason("no command was carried out in the branch")]
    for step in steps:
        if step.status is None:
            reasons.append(Reason(f"step {step.number} has no answer yet", f"steps.{step.number}"))
        elif step.is_done and step.intent.stated_at is not None:
            reasons.append(Reason(f"step {step.number} sets Stated-At: no plan does", f"steps.{step.number}"))
    if reasons:
        raise PromotionRefused(as_sentence(reasons), reasons=reasons)


def _planned(step: Step, touched: frozenset[str]) -> PlannedStep:
    intent = step.intent
    return PlannedStep(
        number=step.number,
        day=intent.day,
        service=intent.service,
        method=intent.method,
        path=intent.path,
        query=intent.query,
        media_type=intent.media_type,
        body=intent.body,
        needs_version=intent.if_match is not None,
        caller=intent.caller,
        is_assumed=intent.is_assumed,
        location=step.location,
        answer=step.answer,
        touched=touched,
    )


async def must_not_have_moved(plan: Plan, life: ServicesOfLife, by: Caller) -> None:
    """Raise BaseMoved with each fact of life that meets what the steps touch which are still to be given."""
    codes = frozenset[str]().union(*(step.touched for step in plan.steps if plan.answered(step.number) is None))
    facts = await read_conflicts(life.urls, plan.base, codes, own=plan.own, foreseen=plan.foreseen, visible_to=by)
    if facts:
        raise moved(facts)


def moved(facts: Sequence[ConflictingEvent]) -> BaseMoved:
    """Return the refusal that names these facts."""
    reasons = [fact.reason() for fact in facts]
    return BaseMoved(as_sentence(reasons), reasons=reasons)


async def settled(store: PlanStore, life: ServicesOfLife, plan: Plan) -> Plan:
    """Return the plan with the answers that life gave and this process did not write down, since it was killed."""
    open_acts = [one for one in plan.given if one.status is None and plan.answered(one.number) is None]
    if not open_acts:
        return plan
    numbers = {one.number for one in open_acts}
    services = {step.service for step in plan.steps if step.number in numbers}
    carried_out = await read_carried_out([life.urls[service] for service in services], plan.key)
    for one in open_acts:
        if (answer := carried_out.get(one.number)) is not None:
            await store.answered(one.act_id, answer.status, answer.location, answer.body)
    return await store.find(plan.reference) or plan


async def give(
    store: PlanStore, life: ServicesOfLife, plan: Plan, number: int, *, by: Caller, token: str
) -> httpx.Response:
    """Give a step in life as this caller; return life's answer, or the one that it gave before.

    Raises PlanStepNotFound, StepNotDue, BaseMoved, Unavailable.
    """
    step = plan.step(number)
    if step is None:
        raise PlanStepNotFound(f"{plan.reference} has no step {number}")
    if plan.answered(number) is None:
        _must_be_due(plan, step, await life.today(token))
        await must_not_have_moved(plan, life, by)
    return await _pass_on(store, life, plan, step, by=by, token=token)


def _must_be_due(plan: Plan, step: PlannedStep, today: date) -> None:
    """Raise StepNotDue with every reason."""
    days = {each.number: each.day for each in plan.steps}
    acts = [one.act() for one in plan.given]
    found = states(days, acts, today=today, is_withdrawn=plan.withdrawn_at is not None)
    reasons = []
    if found[step.number] is StepState.LEFT:
        reasons.append(Reason(f"{plan.reference} was withdrawn"))
    if step.day > today:
        reasons.append(Reason(f"it is {today}, and the step is of {step.day}", "day"))
    earlier = [number for number, state in found.items() if number < step.number and state is not StepState.DONE]
    reasons.extend(Reason(f"step {number} comes before it", f"steps.{number}") for number in earlier)
    if reasons:
        raise StepNotDue(as_sentence(reasons), reasons=reasons)


async def _pass_on(
    store: PlanStore, life: ServicesOfLife, plan: Plan, step: PlannedStep, *, by: Caller, token: str
) -> httpx.Response:
    path, query, body = replaced(step, replacement(plan))

    async def get(at: str) -> httpx.Response:
        return await life.ask(step.service, "GET", at, token)

    act_id = await store.begin(plan.reference, step.number, by.subject)
    answer = await life.ask(
        step.service,
        step.method,
        f"{path}?{query}" if query else path,
        token,
        content=body,
        **{
            plan_steps.HEADER: f"{plan.key}/{step.number}",
            CORRELATION_ID: plan.correlation(step.number),
            "Content-Type": step.media_type if body else None,
            "If-Match": await present_version(get, path) if step.needs_version else None,
        },
    )
    if answer.is_server_error:
        raise Unavailable(f"{step.service} could not do it at the moment; give the step again: it is carried out once")
    location = answer.headers.get("location")
    if location is not None:
        location = answer.headers["Location"] = urljoin(f"/{step.service}{path}", location)
    await store.answered(act_id, answer.status_code, location, answer.content)
    return answer


def replaced(step: PlannedStep | Intent, ids: Replacement) -> tuple[str, str, bytes]:
    """Return the path, query and body of a command with the ids of the world that it is given in."""
    query = urlencode(ids.query(parse_qsl(step.query, keep_blank_values=True)))
    # Sent as it was given where no id is replaced: numbers keep how they were written.
    if (json := step.json) is not None and (body := ids.body(json, beside=step.path.split("/"))) != json:
        return ids.path(step.path), query, encoded(body)
    return ids.path(step.path), query, step.body


def encoded(body: object) -> bytes:
    """Return a body as it is sent: the same bytes for the same body."""
    return httpx.Request("POST", "http://life", json=body).content


def replacement(plan: Plan) -> Replacement:
    """Return the ids that the branch gave, replaced by those that life gave for the same steps."""
    ids = Replacement()
    for step in plan.steps:
        if (given := plan.answered(step.number)) is not None:
            planned = given_by(step.path, step.json, as_json(step.answer), step.location)
            ids.learn(planned, given_by(step.path, step.json, as_json(given.answer), given.location))
    return ids


async def present_version(get: Callable[[str], Awaitable[httpx.Response]], path: str) -> str | None:
    """Return the ETag of what a step changes: of its own address, or the nearest above it that has a version."""
    parts = path.split("/")
    for length in range(len(parts), 3, -1):
        answer = await get("/".join(parts[:length]))
        tag: str = answer.headers.get("etag", "")
        if answer.status_code == httpx.codes.OK and tag and versions(tag).named:
            return tag
    return None
