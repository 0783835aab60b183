"""Fixtures of the console's tests: one Chromium, and a laptop of their own, in which journeys may change things."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.console.browser import People, chromium
from tests.console.screens import SCREENS
from tests.support.demo import Demo, running_demo


@pytest.fixture(scope="package")
async def one_chromium() -> AsyncIterator[Browser]:
    """One Chromium for all tests of the console; it ends with them."""
    async with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def console_demo(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A laptop with the demo loaded, for the tests of the console alone: journeys change what is recorded in it."""
    folder = tmp_path_factory.mktemp("console")
    folder.chmod(0o711)
    with running_demo(loaded, folder) as running:
        yield running
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def people_of_demo(one_chromium: Browser, console_demo: Demo) -> People:
    """Everybody who signed in once stays so for all tests of the console."""
    return People(one_chromium, console_demo.address)


@pytest.fixture
async def browser(people_of_demo: People) -> AsyncIterator[People]:
    """The demo's persons in a real browser: `await browser.as_person("commissioner")`."""
    yield people_of_demo
    await people_of_demo.close()


@pytest.fixture
async def browser_cookies(people_of_demo: People) -> dict[str, str]:
    """The header of cookies of each of the demo's persons, for a client that is no browser."""
    return {name: await people_of_demo.cookies(name) for name in {screen.person for screen in SCREENS}}
