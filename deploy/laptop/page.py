"""The first page of `make run`: what this is, what is so in what is loaded, and where to look next."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from deploy.demo.stories.story import Passage, Story
from deploy.laptop.issuer import DEMO_PASSWORD, DemoUser
from deploy.laptop.state import COMMISSIONERS, SHOWN_AT, Chapter, Day, Line, State, shown_at
from deploy.pages import document


@dataclass(frozen=True)
class Tile:
    """One service as shown on the page."""

    name: str
    does: str


TILES = (
    Tile("registry", "Which organisations there are and were, their names, and how they merged."),
    Tile("contracts", "Who supports whom, for how much, and what happens to a contract when its parties merge."),
    Tile("finance", "What a commissioner may spend on its running costs, and how a merger restates it to the penny."),
    Tile("governance", "Bodies, posts and their holders; which appointments a merger ends and which it carries over."),
)


def render(state: State | None, *, status: str, users: Sequence[DemoUser], attribution: str, kafka: str = "") -> str:
    """Return the whole page. Without a state, or while the demo is loading, it reloads by itself."""
    content = (
        "<h1>Footprint</h1><p>The system of record for how the English NHS reorganises its commissioners. "
        "When they merge, their contracts change hands, their running-cost allowances are restated and their officers "
        "are appointed anew, because one event says so.</p>"
        + (f"<p><b>{escape(status)}</b></p>" if status else "")
        + (_state(state) if state else "<p>The services have not answered yet; this page asks again.</p>")
        + _services()
        + _users(users)
        + _programs(kafka)
        + _code()
        + f"<h2>Sources</h2><p>{escape(attribution)} What is fact and what is illustrative in the demo: "
        "<code>deploy/demo/README.md</code>.</p>"
    )
    return document("Footprint", content, again=state is None or bool(status))


def _state(state: State) -> str:
    return (
        f"<h2>Open today</h2><p>In what is loaded. Each line links to its answer.</p>{_lines(state.today)}"
        + _days(state.days)
        + _mergers(state)
        + _stories(state.stories)
        + "".join(_chapter(place) for place in state.places)
    )


def _lines(lines: Iterable[Line]) -> str:
    items = "".join(f'<li><a href="{SHOWN_AT}{escape(one.path)}">{escape(one.sentence)}</a></li>' for one in lines)
    return f"<ul>{items}</ul>" if items else ""


def _days(days: Sequence[Day]) -> str:
    if not days:
        return ""
    kinds = [kind for kind in COMMISSIONERS if any(day.open.get(kind) for day in days)]
    heads = "".join(f'<th scope="col">{COMMISSIONERS[kind]}</th>' for kind in kinds)
    rows = "".join(
        f'<tr><th scope="row"><a href="{SHOWN_AT}{escape(day.path)}">{day.day:%-d %b %Y}</a></th>'
        + "".join(f"<td>{day.open.get(kind, 0)}</td>" for kind in kinds)
        + "</tr>"
        for day in days
    )
    return f'<h2>Commissioners by day</h2><table><tr><th scope="col">Open from</th>{heads}</tr>{rows}</table>'


def _mergers(state: State) -> str:
    if not state.mergers_in_all:
        return ""
    listed = f"{SHOWN_AT}/registry/v1/mergers?status=carried_out&amp;limit=500"
    return (
        f'<h2>Latest mergers</h2>{_lines(state.mergers)}<p><a href="{listed}">All {state.mergers_in_all} mergers</a>, '
        "each carried out on its day.</p>"
    )


def _stories(stories: Sequence[Story]) -> str:
    return "".join(
        f"<h2>{escape(story.title)}</h2>"
        + "".join(f"<p>{''.join(map(_passage, sentence))}</p>" for sentence in story.sentences)
        + f"<p>Fact: {escape(story.fact)}</p><p>Illustrative: {escape(story.illustrative)}</p>"
        for story in stories
    )


def _passage(passage: Passage) -> str:
    if passage.figure is None:
        return escape(passage.words)
    return f'<a href="{escape(shown_at(passage.figure))}">{escape(passage.words)}</a>'


def _chapter(place: Chapter) -> str:
    story = f"<p>{escape(place.story)}</p>" if place.story else ""
    return f"<h2>{escape(place.heading)}</h2>{story}{_lines(place.lines)}"


def _services() -> str:
    items = "".join(
        f'<dt><a href="/{tile.name}/docs">{tile.name.capitalize()}</a></dt><dd>{escape(tile.does)} '
        f'<a href="/{tile.name}/health/ready">Health of {tile.name}</a></dd>'
        for tile in TILES
    )
    return f"<h2>Four services</h2><p>Each opens a page on which every request can be tried.</p><dl>{items}</dl>"


def _users(users: Sequence[DemoUser]) -> str:
    items = "".join(f"<dt><code>{escape(user.name)}</code></dt><dd>{escape(user.words)}</dd>" for user in users)
    return (
        "<h2>Who you can be</h2><p>Every request needs a caller. Open a service's page, press <b>Authorize</b>, "
        f"and give one of these names with the password <code>{DEMO_PASSWORD}</code> (on this machine only).</p>"
        f"<dl>{items}</dl>"
    )


def _programs(kafka: str) -> str:
    where = f"<p>Kafka listens at <code>{escape(kafka)}</code>.</p>" if kafka else ""
    return (
        "<h2>For programs</h2><p>A token: <code>POST /issuer/token</code> with the form fields "
        "<code>grant_type=password</code>, <code>username</code> and <code>password</code>. The README's tour has the "
        f"command.</p>{where}"
    )


_IN_THE_CODE = (
    ("services/registry/mergers/commands.py", "agrees a merger, and carries it out on its day by publishing CCGMerged"),
    ("services/contracts/transfers/commands.py", "transfers the contracts to the successor"),
    ("services/finance/allowances/restatement.py", "restates the allowances, by days and to the penny"),
    ("services/governance/mergers/commands.py", "ends the appointments, and makes those that carry over again"),
    ("libs/common/messaging/consumer.py", "delivers each event to its subscribers, once and in order"),
)


def _code() -> str:
    items = "".join(f"<dt><code>{path}</code></dt><dd>{does}</dd>" for path, does in _IN_THE_CODE)
    return (
        f"<h2>Where it is in the code</h2><dl>{items}</dl>"
        "<p><code>README.md</code> has the tour, the map of the rest and the table of events.</p>"
    )
