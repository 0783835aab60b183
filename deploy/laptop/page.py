"""The index page of `make run`: what this is, links to the services, and what happened in the demo."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from deploy.demo.account import Account, Happening, MergerAccount
from deploy.demo.records import HealthEconomy
from deploy.laptop.issuer import DEMO_PASSWORD, DemoUser


@dataclass(frozen=True)
class Tile:
    """One service as shown on the page."""

    name: str
    does: str


TILES = (
    Tile("registry", "Which organisations there are and were, their names, and how CCGs merged."),
    Tile("contracts", "Who supports whom, for how much, and what happens to a contract when its parties merge."),
    Tile("finance", "What a commissioner may spend on its running costs, and how a merger restates it to the penny."),
    Tile("governance", "Bodies, posts and their holders; which appointments a merger ends and which it carries over."),
)

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #212b32; background: #f0f4f5; margin: 0 }
main { max-width: 62rem; margin: 0 auto; padding: 1rem 1.5rem 4rem; background: #fff }
h1 { color: #005eb8; margin-bottom: 0 } h2 { margin-top: 2.2rem } h3 { margin: 1.4rem 0 .2rem }
table { border-collapse: collapse } td, th { text-align: left; padding: .25rem 1.2rem .25rem 0; vertical-align: top }
tr { border-bottom: 1px solid #d8dde0 } a { color: #005eb8 }
code { background: #f0f4f5; padding: .05rem .3rem; font-size: .9em }
.id { color: #4c6272; font-size: .8em } summary { cursor: pointer } li { margin: .2rem 0 }
"""


def render(
    account: Account | None,
    *,
    status: str,
    users: Sequence[DemoUser],
    places: Sequence[HealthEconomy],
    attribution: str,
) -> str:
    """Return the whole page. Without an account it shows `status` and reloads by itself."""
    again = "" if account or not status else '<meta http-equiv="refresh" content="2">'
    return (
        f'<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Footprint</title>{again}'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        "<h1>Footprint</h1><p>The system of record for how the English NHS reorganises its commissioners: "
        "when clinical commissioning groups (CCGs) merge, their contracts change hands, their running-cost allowances "
        "are restated and their officers are appointed anew, because one event says so.</p>"
        + _services()
        + _users(users)
        + (_story(account) if account else _waiting(status))
        + _places(places)
        + _code()
        + f"<h2>Sources</h2><p>{escape(attribution)} What is fact and what is illustrative in the demo: "
        "<code>deploy/demo/README.md</code>.</p></main></body></html>"
    )


def _services() -> str:
    rows = "".join(
        f'<tr><th><a href="/{tile.name}/docs">{tile.name.capitalize()}</a></th><td>{escape(tile.does)}</td>'
        f'<td><a href="/{tile.name}/health/ready">health</a></td></tr>'
        for tile in TILES
    )
    return (
        f"<h2>Four services</h2><p>Each link opens a page on which every request can be tried.</p><table>{rows}</table>"
    )


def _users(users: Sequence[DemoUser]) -> str:
    if not users:
        return ""
    rows = "".join(f"<tr><th><code>{escape(user.name)}</code></th><td>{escape(user.words)}</td></tr>" for user in users)
    return (
        "<h2>Who you can be</h2><p>Every request needs a caller. Open a service's page, press <b>Authorize</b>, "
        f"and give one of these names with the password <code>{DEMO_PASSWORD}</code> (on this machine only).</p>"
        f"<table>{rows}</table>"
    )


def _places(places: Sequence[HealthEconomy]) -> str:
    items = "".join(
        f"<li><b>{escape(place.name)}</b> ({', '.join(place.ccgs)}): {escape(place.story)} "
        f'<span class="id">{escape(place.source)}</span></li>'
        for place in places
    )
    return f"<h2>The places</h2><ul>{items}</ul>" if items else ""


_IN_THE_CODE = (
    ("services/registry/mergers/commands.py", "agrees a merger, and carries it out on its day by publishing CCGMerged"),
    ("services/contracts/transfers/commands.py", "transfers the contracts to the successor"),
    ("services/finance/allowances/restatement.py", "restates the allowances, by days and to the penny"),
    ("services/governance/mergers/commands.py", "ends the appointments, and makes those that carry over again"),
    ("libs/common/messaging/consumer.py", "delivers each event to its subscribers, once and in order"),
)


def _code() -> str:
    rows = "".join(f"<tr><th><code>{path}</code></th><td>{does}</td></tr>" for path, does in _IN_THE_CODE)
    return (
        f"<h2>Where it is in the code</h2><table>{rows}</table>"
        "<p><code>README.md</code> has the tour, the map of the rest and the table of events.</p>"
    )


def _waiting(status: str) -> str:
    return f"<h2>What happened</h2><p>{escape(status)}</p>" if status else ""


def _story(account: Account) -> str:
    return (
        f"<h2>What happened</h2><p>{len(account.mergers)} mergers, carried out on their days, left "
        f"<b>{account.ccgs_in_the_end} CCGs</b>.</p>{_counts(account)}"
        "<p>Each line below ends with the id of the event that says so; figures that no source gives are marked. "
        "What another service did because of a merger "
        "has the merger's event as its cause: look it up in that service's <code>GET /v1/events</code>.</p>"
        + "".join(_merger(merger) for merger in account.shown_in_full)
        + (f"<h3>Beside the mergers</h3>{_list(account.beside)}" if account.beside else "")
        + _all(account.mergers)
    )


def _counts(account: Account) -> str:
    days = "".join(f"<th>{day:%-d %b %Y}</th>" for day in account.ccgs_open)
    counts = "".join(f"<td>{count}</td>" for count in account.ccgs_open.values())
    return f"<table><tr><th>From</th>{days}</tr><tr><th>CCGs open</th>{counts}</tr></table>"


def _merger(merger: MergerAccount) -> str:
    return (
        f"<h3>{merger.day:%-d %B %Y}: {escape(merger.successor)}</h3>"
        f"<p>Took over from {escape(', '.join(merger.predecessors))} "
        f'<span class="id">CCGMerged {escape(merger.event_id)}</span></p>{_list(merger.consequences)}'
    )


def _list(lines: Sequence[Happening]) -> str:
    items = "".join(
        f'<li>{escape(line.sentence)} <span class="id">{line.service} {escape(line.event_id)}</span></li>'
        for line in lines
    )
    return f"<ul>{items}</ul>"


def _all(mergers: Sequence[MergerAccount]) -> str:
    rows = "".join(
        f"<tr><td>{merger.day:%-d %b %Y}</td><td>{escape(merger.successor)}</td>"
        f'<td>{escape(", ".join(merger.predecessors))} <span class="id">{escape(merger.event_id)}</span></td></tr>'
        for merger in mergers
    )
    return (
        f"<details><summary>All {len(mergers)} mergers</summary><table>"
        f"<tr><th>Day</th><th>Became</th><th>From</th></tr>{rows}</table></details>"
    )
