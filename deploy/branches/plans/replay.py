"""Replay: a branch's commands given again on their days in a fresh branch, and where answers and table differ there."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import httpx
from pydantic import BaseModel, ConfigDict

from deploy.branches.bases import Say
from deploy.branches.comparison import ComparisonView, Source, compared, read_column
from deploy.branches.conflicts import CarriedOut
from deploy.branches.plans.ids import Given, Json, Replacement, given_by
from deploy.branches.plans.normal_form import Difference, aligned, differences, normal_form
from deploy.branches.plans.promotion import present_version, replaced
from deploy.branches.recorder import Recorder
from deploy.branches.register import Branch
from deploy.branches.steps import Intent, Step, as_json, caller_as_text
from deploy.branches.worlds import World
from libs.common.http.problems import Unavailable


class ReplayedStep(BaseModel):
    """A command that was given again, and where its answer differs in normal form from the first branch's.

    `given_on` is None where the new base has what the command did, since life carried it out. `title` and `detail` are
    of the refusal, if it was refused.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    day: date
    given_on: date | None
    service: str
    method: str
    path: str
    caller: str
    assumed: bool
    status_before: int | None
    status: int | None
    title: str | None = None
    detail: str | None = None
    differences: tuple[Difference, ...] = ()

    @property
    def is_alike(self) -> bool:
        """Whether it did what it had done in the first branch."""
        return self.status == self.status_before and not self.differences


@dataclass(frozen=True, slots=True)
class Replay:
    """The commands of one branch in another, and the ids that they gave there by those that they had given."""

    steps: tuple[ReplayedStep, ...]
    ids: Mapping[str, str]


async def replay(
    recorder: Recorder,
    world: World,
    fresh: Branch,
    origin: Branch,
    steps: Sequence[Step],
    carried_out: Mapping[int, CarriedOut],
    say: Say,
) -> Replay:
    """Give these commands of a branch in a fresh one that is not open yet, and move its clock to the first one's day.

    A step is given on the first day on or after its own that the fresh branch's clock comes to. Those that life has
    `carried_out` by the new base are left out: their ids are life's. Raises Unavailable, NotCaughtUp.
    """
    ids = Replacement()
    found = []
    for step in steps:
        if (answer := carried_out.get(step.number)) is not None:
            ids.learn(_given(step), given_by(step.intent.path, step.intent.json, as_json(answer.body), answer.location))
            found.append(_replayed(step, None, step.status))
            continue
        say(f"giving step {step.number} of {steps[-1].number} again")
        await _come_to(world, step.intent.day)
        found.append(await _give_again(recorder, world, fresh, origin, step, ids))
    say(f"moving to {origin.day}")
    await _come_to(world, origin.day)
    return Replay(tuple(found), {old: new for old, new in ids.texts.items() if old != new})


async def _come_to(world: World, day: date) -> None:
    """Move the clock to a day, if that is not past, and let all services consume what was published until then."""
    if day > world.today:
        await world.move_to(day)
    await world.catch_up()


async def _give_again(
    recorder: Recorder, world: World, fresh: Branch, origin: Branch, step: Step, ids: Replacement
) -> ReplayedStep:
    path, query, body = replaced(step.intent, ids)
    intent = replace(step.intent, day=world.today, path=path, query=query, body=body, own_key=None)

    async def get(at: str) -> httpx.Response:
        return await recorder.ask(world, fresh.id, _reading(intent, at), {})

    if intent.if_match is not None:
        intent = replace(intent, if_match=await present_version(get, path))
    answer = await recorder.carry_out(world, fresh.id, intent)
    if answer.is_server_error:
        raise Unavailable(f"step {step.number}: {intent.service} answered {answer.status_code}")
    now = as_json(answer.content)
    if not answer.is_success:
        problem = now if isinstance(now, dict) else {}
        title, detail = problem.get("title"), problem.get("detail")
        return _replayed(step, intent.day, answer.status_code, title=title, detail=detail)
    given = given_by(path, intent.json, now, answer.headers.get("location"))
    ids.learn(_given(step), given)
    before = _in_the_other(step, given, ids, f"/branches/{origin.name}/", f"/branches/{fresh.name}/")
    found = differences(normal_form(before), normal_form(now))
    return _replayed(step, intent.day, answer.status_code, differences=tuple(found))


def _reading(intent: Intent, path: str) -> Intent:
    return Intent(day=intent.day, service=intent.service, method="GET", path=path, caller=intent.caller)


def _given(step: Step) -> Given:
    return given_by(step.intent.path, step.intent.json, as_json(step.answer), step.location)


def _in_the_other(step: Step, given: Given, ids: Replacement, prefix: str, other_prefix: str) -> Json:
    """Return a step's answer as the other branch would give it: with its ids, and its links."""
    answer = ids.body(as_json(step.answer.replace(prefix.encode(), other_prefix.encode())))
    if isinstance(answer, dict):
        both = _given(step).numbers.keys() & given.numbers.keys()
        answer |= {name: given.numbers[f"/{name}"][2] for name in answer if f"/{name}" in both}
    return answer


def _replayed(
    step: Step,
    given_on: date | None,
    status: int | None,
    *,
    title: str | None = None,
    detail: str | None = None,
    differences: tuple[Difference, ...] = (),
) -> ReplayedStep:
    intent = step.intent
    return ReplayedStep(
        number=step.number,
        day=intent.day,
        given_on=given_on,
        service=intent.service,
        method=intent.method,
        path=intent.path,
        caller=caller_as_text(intent.caller),
        assumed=intent.is_assumed,
        status_before=step.status,
        status=status,
        title=title,
        detail=detail,
        differences=differences,
    )


async def read_what_differs(
    base: str, bodies: Sequence[str], before: tuple[str, Source], now: tuple[str, Source], ids: Replacement
) -> ComparisonView:
    """Compare a branch with its rebase, each named and asked; return the rows that differ.

    `ids` are the rebase's by the branch's.
    """
    first, second = await asyncio.gather(read_column(*before, bodies), read_column(*now, bodies))
    found = compared(base, bodies, aligned(first, second, ids))
    return found.model_copy(update={"rows": [row for row in found.rows if row.differs]})
