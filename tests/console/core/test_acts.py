"""Acts go one way: a form, what it would do, a confirmation. No page makes its own."""

import re
from pathlib import Path

import pytest

from console.core.assets import CONSOLE
from tests.console.apps import console_over, refusal

SHOWN_BEFORE_ANYTHING_IS_ASKED = {"consolidations/acts.py", "operations/pages.py"}
"""A withdrawal from a plan and a parked key: the dry run is their first page, and there is nothing to fill in."""


def test_one_module_alone_tries_what_a_form_says_before_it_is_done() -> None:
    tries = {
        str(file.relative_to(CONSOLE))
        for file in CONSOLE.rglob("*.py")
        if re.search(r"dry_run=(?!True)", file.read_text("utf-8"))
    }
    assert tries == {"core/acts.py"}
    shown = {
        str(file.relative_to(CONSOLE)) for file in CONSOLE.rglob("*.py") if "dry_run=True" in file.read_text("utf-8")
    }
    assert shown == SHOWN_BEFORE_ANYTHING_IS_ASKED


@pytest.mark.parametrize(
    ("path", "service", "command"),
    [
        ("/operations/finance/parked/41/discard", "finance", "/operations/parked/41/discard"),
        ("/decisions/meetings/new", "governance", "/meetings"),
    ],
)
async def test_a_refused_act_comes_back_as_it_was_filled_in_with_each_reason_once(
    tmp_path: Path, path: str, service: str, command: str
) -> None:
    refused = refusal("refused", "It is refused", ("it is too short", "reason"), ("there is none", "body"))
    async with console_over({f"{service} POST {command}": refused}, tmp_path) as browser:
        await browser.get(path)
        shown = await browser.submit(path, {"reason": "a test", "body": "Q9X-board"})
    assert shown.status_code == 409
    assert "<title>Error: " in shown.text
    assert "a test" in shown.text or "Q9X-board" in shown.text
    assert shown.text.count(">it is too short<") == shown.text.count(">there is none<") == 1


async def test_a_confirmation_can_be_taken_back_to_the_form(tmp_path: Path) -> None:
    path = "/operations/finance/parked/41/discard"
    async with console_over({}, tmp_path) as browser:
        await browser.get(path)
        shown = await browser.submit(path, {"reason": "a test", "step": ["confirm", "change"]})
        assert browser.transport.sent == []
    assert "a test</textarea>" in shown.text
