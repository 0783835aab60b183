"""Each event that finance hears, in its order and once, or in the opposite order and twice: HTTP shows the same."""

from datetime import date
from typing import Any

import httpx

from libs.common.events import Event
from libs.common.events.registry import OrganisationOpened
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from services.finance.reactions.publishers import subscriptions
from tests.finance.reactions import contracts_rows, governance_rows, registry_rows
from tests.finance.reactions.rows import OPENED, Bodies, Request, Row
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.finance_harness import FinanceHarness, at

SEEN = date(2018, 9, 1)
COPIED = {"OrganisationRenamed", "OrganisationParentChanged", "SourceReported"}
"""What is only copied, to know by which name and whose a body is."""


def rows(of: Bodies) -> dict[str, Row]:
    return {**registry_rows.rows(of), **contracts_rows.rows(of), **governance_rows.rows(of)}


NAMES = list(rows(Bodies("A", "B", "C", "S", "ROW-001")))


async def ask(client: httpx.AsyncClient, request: Request, lines: list[str]) -> Any:
    """Send a request; remember the lines that it set."""
    body = request.body(lines)
    answer = await client.request(request.method, f"/v1{request.path}", params=dict(request.asked), json=body)
    shown = answer.json()
    if isinstance(shown, list):
        lines += [one["line"] for one in shown]
    return shown


async def play(
    harness: FinanceHarness, client: httpx.AsyncClient, number: int, *, twice: bool
) -> tuple[Row, list[str]]:
    """The bodies of a row are open, what comes before is asked, and its events arrive."""
    a, b, c, s = (f"{letter}{number:02}{int(twice)}" for letter in "ABCS")
    of = Bodies(a, b, c, s, f"ROW-{number:02}-{int(twice)}")
    row, lines = rows(of)[NAMES[number]], list[str]()
    opened: dict[str, Any] = {"effective_on": OPENED, "stated_at": at(OPENED), "kind": row.kind}
    await harness.hear(*(OrganisationOpened(code=code, name=code, **opened) for code in (of.a, of.b)))
    for request in row.before:
        await ask(client, request, lines)
    order: list[Event] = [*reversed(row.events), *reversed(row.events)] if twice else [*row.events]
    for event in order:
        await harness.hear(event)
    return row, lines


async def test_in_any_order_and_twice_each_event_shows_the_same_over_http(
    harness: FinanceHarness, url: str, tokens: Tokens
) -> None:
    bus = DirectBus({"registry": url, "contracts": url, "governance": url})
    lead = tokens.header(Role.FINANCE_LEAD, organisations=("*",))
    found, expected = {}, {}
    async with running_service("finance", tokens.settings(url), bus, lead) as (_, client):
        await move(client, tokens, date(2017, 8, 1))
        played = [
            (name, twice, await play(harness, client, number, twice=twice))
            for number, name in enumerate(NAMES)
            for twice in (False, True)
        ]
        await move(client, tokens, SEEN)
        for name, twice, (row, lines) in played:
            key = f"{name}, {'backwards and twice' if twice else 'once'}"
            answer = await ask(client, row.seen, lines)
            try:
                found[key] = row.shown(answer)
            except (KeyError, TypeError, AttributeError):
                found[key] = answer
            expected[key] = row.expected
    assert found == expected


def test_every_event_that_finance_acts_on_has_a_row() -> None:
    assert subscriptions.names - {name.partition(" ")[0] for name in NAMES} == COPIED


async def move(client: httpx.AsyncClient, tokens: Tokens, day: date) -> None:
    body, headers = {"moved_to": day.isoformat()}, tokens.header(Role.OPERATOR)
    moved = await client.put("/v1/operations/clock", json=body, headers=headers)
    assert moved.status_code == 200, moved.text
