"""What is so, as the services answer it now: each sentence of the first page has the answer that it was made of."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from textwrap import wrap
from typing import Any, TypeAlias
from urllib.parse import urlencode

import httpx

from deploy.demo.records import ABOLITION, DemoRecords, HealthEconomy
from deploy.demo.services import Refused, Services
from deploy.demo.stories.story import Figure, Story, tell_stories
from libs.common.money import pounds

Answer: TypeAlias = Mapping[str, Any]

BY = "commissioner"
"""The user that the page asks as: it reads contracts, allowances and posts too."""
SHOWN_AT = "/show"
"""The path below which the laptop shows an answer to whoever has no token."""
_PATIENCE_SECONDS = 1.0
_LATEST_MERGERS = 5
_MOST_DAYS = 12
_MOST_MERGERS = 500
_MOST_LINES = 10
KINDS = {
    "ccg": ("clinical commissioning group (CCG)", "clinical commissioning groups (CCGs)"),
    "icb": ("integrated care board (ICB)", "integrated care boards (ICBs)"),
    "sub_icb_location": ("sub-ICB location", "sub-ICB locations"),
    "stp": ("sustainability and transformation partnership (STP)", "sustainability and transformation partnerships"),
    "gp_practice": ("GP practice", "GP practices"),
    "gp_federation": ("GP federation", "GP federations"),
    "csu": ("commissioning support unit", "commissioning support units"),
    "nhs_trust": ("NHS trust", "NHS trusts"),
    "foundation_trust": ("NHS foundation trust", "NHS foundation trusts"),
}
"""Words for kinds, one and many; another kind is shown as the registry writes it."""
COMMISSIONERS = {"ccg": "CCGs", "sub_icb_location": "sub-ICB locations", "icb": "ICBs"}
"""The kinds whose numbers are shown by day."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A sentence, and the path of the answer that says so."""

    sentence: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One of the demo's places: its heading, its story where one is written, and what is so there."""

    heading: str
    story: str = ""
    lines: Sequence[Line] = ()


@dataclass(frozen=True, kw_only=True)
class Day:
    """How many commissioners of each kind are open from a day, and the path of the answer."""

    day: date
    open: Mapping[str, int]
    path: str


@dataclass(frozen=True, kw_only=True)
class State:
    """Everything that the page shows of what is loaded."""

    today: Sequence[Line] = ()
    days: Sequence[Day] = ()
    mergers_in_all: int = 0
    mergers: Sequence[Line] = ()
    stories: Sequence[Story] = ()
    places: Sequence[Chapter] = field(default=())


class Latest:
    """The latest state that could be read: whoever asks waits a moment at most, and then gets the one before it."""

    def __init__(self, read: Callable[[], Coroutine[Any, Any, State]]) -> None:
        self._read = read
        self._reading: asyncio.Task[State] | None = None
        self._state: State | None = None

    def keep(self, state: State) -> None:
        """Have a state that was read elsewhere for who asks next."""
        self._state = state

    async def state(self) -> State | None:
        """Return what is so, or was when it was last read; None if the services have not answered yet."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        await asyncio.wait({self._reading}, timeout=_PATIENCE_SECONDS)
        if self._reading is not None and self._reading.done():
            reading, self._reading = self._reading, None
            # While they start or stop, the services answer nothing: the page says so.
            with suppress(Refused, httpx.HTTPError):
                self._state = reading.result()
        return self._state


async def read_state(services: Services, records: DemoRecords) -> State:
    """Ask the services for what the page shows. Raises Refused, httpx.HTTPError."""
    mergers = await _mergers(services)
    latest = list(reversed(mergers[-_LATEST_MERGERS:]))
    names = await _names(services, {code for one in latest for code in one["predecessors"]})
    today, days, stories, places = await asyncio.gather(
        _today(services),
        asyncio.gather(*(_day(services, day) for day in _days_of(mergers))),
        tell_stories(services, records.stories, by=BY),
        asyncio.gather(*(_place(services, place, records) for place in records.places.places)),
    )
    return State(
        today=today,
        days=days,
        mergers_in_all=len(mergers),
        mergers=[_merger_line(one, names) for one in latest],
        stories=stories,
        places=places,
    )


def shown_at(figure: Figure) -> str:
    """Return the path below which the laptop shows the answer of a figure, as the user that asked."""
    return f"{SHOWN_AT}{'' if figure.by == BY else as_user(figure.by)}{figure.path}"


def as_user(name: str) -> str:
    """Return what stands in a shown path before the service, where another user than the page's asks."""
    return f"/as/{name}"


async def _ask(services: Services, path: str, **asked: Any) -> tuple[str, Answer]:
    """Return the answer to a question and its path; an empty answer where there is none."""
    path = f"{path}?{urlencode(asked)}" if asked else path
    found = await services.find(path, by=BY)
    return path, found.json() if found is not None else {}


async def _today(services: Services) -> list[Line]:
    path, found = await _ask(services, "/registry/v1/counts")
    order = list(KINDS)
    kinds = sorted(
        (one for one in found["kinds"] if one["open"]),
        key=lambda one: (order.index(one["kind"]) if one["kind"] in order else len(order), one["kind"]),
    )
    listed = "/registry/v1/organisations?"
    return [
        Line(
            sentence=f"{one['open']:,} {_kind(one['kind'], one['open'])}",
            path=listed + urlencode({"kind": one["kind"], "status": "open"}),
        )
        for one in kinds
    ] or [Line(sentence="No organisation is open: nothing is loaded yet", path=path)]


def _kind(kind: str, number: int) -> str:
    one, many = KINDS.get(kind, (f"of the kind {kind.replace('_', ' ')}",) * 2)
    return one if number == 1 else many


async def _mergers(services: Services) -> list[Answer]:
    """Return the mergers that were carried out, by their days."""
    _, found = await _ask(services, "/registry/v1/mergers", status="carried_out", limit=_MOST_MERGERS)
    listed: list[Answer] = found["items"]
    return listed


async def _names(services: Services, codes: set[str]) -> dict[str, str]:
    """Return the names of bodies as they are known now."""
    if not codes:
        return {}
    answer = await services.do("POST", "/registry/v1/lookups", by=BY, body={"codes": sorted(codes)})
    return {one["code"]: one["name"] for one in answer.json()["organisations"] if one["name"]}


def _days_of(mergers: Sequence[Answer]) -> list[date]:
    """Return the days from which commissioners are counted: the two reforms, and the latest days of mergers."""
    days = sorted({date.fromisoformat(one["effective_on"]) for one in mergers})
    return sorted({date(2013, 4, 1), *days[-_MOST_DAYS:], ABOLITION}) if days else []


async def _day(services: Services, day: date) -> Day:
    path, found = await _ask(services, "/registry/v1/counts", as_at=day)
    counts = {one["kind"]: one["open"] for one in found["kinds"] if one["kind"] in COMMISSIONERS}
    return Day(day=day, open=counts, path=path)


def _merger_line(merger: Answer, names: Mapping[str, str]) -> Line:
    parts = _listed([_short(names.get(code, code)) for code in merger["predecessors"]])
    day = date.fromisoformat(merger["effective_on"])
    return Line(
        sentence=f"On {_written(day)} {parts} became {_short(merger['successor_name'])}",
        path=f"/registry/v1/mergers/{merger['reference']}",
    )


async def _place(services: Services, place: HealthEconomy, records: DemoRecords) -> Chapter:
    """Tell what is so of a place: how its bodies merged, and what became of contracts, allowance and posts."""
    if place.successor is None:
        lines = await _allowances(services, place.ccgs[0], records)
        return Chapter(heading=place.name, story=place.story, lines=lines)
    path, merger = await _ask(services, f"/registry/v1/mergers/M-{place.successor}")
    if merger.get("status") != "carried_out":
        return Chapter(heading=place.name, story=place.story)
    day = date.fromisoformat(merger["effective_on"])
    names = await _names(services, set(merger["predecessors"]))
    merged = _merger_line(merger, names)
    planned = date.fromisoformat(merger["plans"][0]["effective_on"])
    slipped = f", planned for {_written(planned)} at first" if planned != day else ""
    found = await asyncio.gather(
        _contracts(services, place.successor, day),
        _restated(services, place.successor, day, names, records),
        _posts(services, place.successor, day),
        _now(services, place.successor),
    )
    lines = [Line(sentence=merged.sentence + slipped, path=path), *(line for part in found for line in part)]
    return Chapter(heading=place.name, story=place.story, lines=lines)


async def _contracts(services: Services, code: str, day: date) -> list[Line]:
    _, found = await _ask(services, "/contracts/v1/contracts", customer=code, as_at=day, limit=_MOST_LINES)
    return [
        Line(
            sentence=f"It took over the contract “{one['title']}” with {one['supplier']['name']}: "
            f"{pounds(one['annual_pence'])} a year{_marked(illustrative=one['value_basis'] == 'illustrative')}",
            path=f"/contracts/v1/contracts/{one['reference']}/history",
        )
        for one in found["items"]
    ]


async def _restated(
    services: Services, code: str, day: date, names: Mapping[str, str], records: DemoRecords
) -> list[Line]:
    year = f"{day.year}-{(day.year + 1) % 100:02}"
    path, found = await _ask(services, f"/finance/v1/allowances/{code}/{year}")
    lines = []
    for moved in found.get("moved", ()):
        released = [(one["predecessor"], one["amount"]) for one in moved["released"] if moved["successor"] == code]
        if not released:
            continue
        parts = _listed([f"{amount} of {_short(names.get(body, body))}" for body, amount in released])
        illustrative = any(f"{body} {year}" in records.illustrative for body, _ in released)
        lines.append(
            Line(
                sentence=f"Its running-cost allowance of {year} is {moved['amount']}: {parts}"
                f"{_marked(illustrative=illustrative)}",
                path=path,
            )
        )
    return lines


async def _allowances(services: Services, code: str, records: DemoRecords) -> list[Line]:
    _, found = await _ask(services, "/finance/v1/allowances", organisation=code, limit=_MOST_LINES)
    return [
        Line(
            sentence=f"The running-cost allowance of {one['financial_year']} is {one['as_set']['amount']}: "
            f"{one['as_set']['population']:,} people at {one['as_set']['rate']}"
            f"{_marked(illustrative=' '.join((code, one['financial_year'])) in records.illustrative)}",
            path=f"/finance/v1/allowances/{code}/{one['financial_year']}",
        )
        for one in found["items"]
        if one["as_set"]
    ]


async def _posts(services: Services, code: str, day: date) -> list[Line]:
    path, found = await _ask(services, f"/governance/v1/bodies/{code}-governing-body", as_at=day)
    return [
        Line(
            sentence=f"{one['title']}: vacant, because {one['vacant_because'].partition(' (')[0]}"
            if one["vacant"]
            else f"{one['title']}: in post since {_written(date.fromisoformat(one['first_day']))}",
            path=path,
        )
        for one in found.get("posts", ())
    ]


async def _now(services: Services, code: str) -> list[Line]:
    path, found = await _ask(services, f"/registry/v1/organisations/{code}")
    if not found:
        return []
    kind = _kind(found["kind"], 1)
    return [Line(sentence=f"Today {found['name']} is {found['status']}, as a {kind}", path=path)]


def _marked(*, illustrative: bool) -> str:
    return " (illustrative)" if illustrative else ""


def _short(name: str) -> str:
    return name.removeprefix("NHS ").removesuffix(" CCG")


def _written(day: date) -> str:
    return f"{day:%-d %B %Y}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def as_text(state: State, *, address: str = "") -> str:
    """Return the same for the terminal, with the links of the stories' figures at this address."""
    return "\n".join(_text(state, address))


def _text(state: State, address: str) -> Iterator[str]:
    yield "Open today, in what is loaded"
    yield from (f"  {line.sentence}" for line in state.today)
    if state.days:
        kinds = [kind for kind in COMMISSIONERS if any(day.open.get(kind) for day in state.days)]
        yield "\nCommissioners by day"
        for day in state.days:
            counts = ", ".join(f"{day.open.get(kind, 0):3} {COMMISSIONERS[kind]}" for kind in kinds)
            yield f"  {day.day:%d %b %Y}  {counts}"
        yield f"\n{state.mergers_in_all} mergers, each carried out on its day. The latest"
        yield from (f"  - {line.sentence}" for line in state.mergers)
    for place in state.places:
        yield f"\n{place.heading}"
        yield from (f"  - {line.sentence}" for line in place.lines)
    for story in state.stories:
        yield from _story(story, address)


def _story(story: Story, address: str) -> Iterator[str]:
    """Give a story's sentences, each answer that they take figures from numbered, and where each answer is shown."""
    links = list(dict.fromkeys(map(shown_at, story.figures)))
    yield f"\n{story.title}"
    for sentence in story.sentences:
        shown = [shown_at(one.figure) for one in sentence if one.figure]
        # Of figures in a row from one answer, the last has its number.
        numbers = iter(
            f" [{links.index(link) + 1}]" if link != following else ""
            for link, following in zip(shown, [*shown[1:], ""], strict=True)
        )
        marked = (f"{one.words}{next(numbers)}" if one.figure else one.words for one in sentence)
        yield from wrap("".join(marked), 118, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    yield f"  Illustrative: {story.illustrative}"
    yield from (f"    [{number}] {address}{link}" for number, link in enumerate(links, start=1))
