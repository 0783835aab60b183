"""Fixtures that every test may ask for: a real PostgreSQL, fresh databases for each test, a real Kafka, a validator."""

import asyncio
import gc
import re
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Generator, Iterator
from operator import itemgetter
from pathlib import Path

import pytest
import uvloop

from deploy.kafka import Broker
from deploy.postgres.server import EmbeddedPostgres
from tests.fhir.hapi import Validator, session_validator
from tests.support.brokers import session_broker
from tests.support.databases import Databases, NewDatabase, fresh_databases, session_server
from tests.support.demo import Demo, load_demo, loaded_databases, make_empty, running_demo
from tests.support.introspection import ask_once

# As the services are served: a quarter of the tests' time was asyncio's own loop.
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
ask_once()

COSTLY = {
    "kafka": "kafka",
    "validator": "public files",
    "taken": "public files",
    "loaded": "loaded",
    "empty_laptop": "laptops",
}
"""Fixtures of a session that take long to make, with the group of the tests that use them: a process runs it whole.

Some tests use both of one group: neither is made twice.
"""

MOST_COSTLY = 10
"""How many of the modules that took longest are named at the end of a run."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests by the costly fixture that they use; a parameter may name it, as in `platform[kafka]`."""
    for item in items:
        uses = {*getattr(item, "fixturenames", ()), *re.split(r"[\[\]-]", item.name)}
        group = next((group for name, group in COSTLY.items() if name in uses), None)
        if group and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the garbage collector pass by what is imported: going through it again and again cost a tenth of a run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end of a large run which modules took longest, with what their tests set up."""
    spent: dict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                spent[report.nodeid.partition("::")[0]] += report.duration
    if len(spent) > MOST_COSTLY:
        terminalreporter.section(f"costliest {MOST_COSTLY} of {len(spent)} modules, of {sum(spent.values()):.0f} s")
        for module, seconds in sorted(spent.items(), key=itemgetter(1), reverse=True)[:MOST_COSTLY]:
            terminalreporter.write_line(f"{seconds:7.1f}s {module}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One PostgreSQL for the whole session."""
    # A terminated session must stop its server too: pytest winds up on an interrupt, and dies at once of SIGTERM.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    with session_server() as server:
        yield server
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """One Kafka broker for the whole session; who kills it starts it again. Topics are each test's own."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    with session_broker() as broker:
        yield broker
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def validator() -> Iterator[Validator]:
    """HAPI FHIR's R4 validator, one for the whole session."""
    with session_validator() as running:
        yield running


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Load the demo once for the whole session, into `var` of this folder: who runs on it runs on a copy."""
    folder = _open_to_all(tmp_path_factory)
    load_demo(folder)
    return folder


@pytest.fixture(scope="session")
def empty_laptop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Start a laptop without a demo once for the whole session, into `var` of this folder: who runs on it copies it."""
    folder = _open_to_all(tmp_path_factory)
    make_empty(folder)
    return folder


@pytest.fixture(scope="session")
def demo(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The laptop with its demo loaded, one for the whole session."""
    with running_demo(loaded, _open_to_all(tmp_path_factory)) as running:
        yield running


@pytest.fixture
def loaded_urls(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A database for each service with the demo loaded, and no service on them."""
    with loaded_databases(loaded, _open_to_all(tmp_path_factory)) as urls:
        yield urls


def _open_to_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    folder.chmod(0o711)  # as root, PostgreSQL runs as another user, who has to pass
    return folder


@pytest.fixture(scope="session")
def templates(postgres: EmbeddedPostgres) -> Databases:
    """`await templates.template_for("registry", build)` builds a template once a session and gives its name."""
    return Databases(postgres)


@pytest.fixture
async def new_database(templates: Databases) -> AsyncIterator[NewDatabase]:
    """`await new_database(template)` gives the URL of a fresh copy, `await new_database(None)` of an empty database.

    All are dropped after the test.
    """
    async with fresh_databases(templates) as new:
        yield new
