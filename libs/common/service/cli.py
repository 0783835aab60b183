"""The command line of a service: `python -m services.<name> serve | migrate | rebuild | ...`."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date
from typing import Any

import uvloop

from libs.common.database import migrations
from libs.common.database.connection import Database
from libs.common.errors import DomainError
from libs.common.messaging import rebuild
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.subscriptions import Subscriptions
from libs.common.process import logs
from libs.common.process.clock import Clock
from libs.common.service import cli_bus
from libs.common.service.app import Service, create_service
from libs.common.service.cli_bus import bus_of
from libs.common.service.clock_row import read_moved
from libs.common.service.due_work import DueWork
from libs.common.service.serving import Server
from libs.common.service.settings import DatabaseSettings, Settings, SettingsRefused

Run = Callable[[Service, argparse.Namespace], Coroutine[Any, Any, int]]


@dataclass(frozen=True)
class Command:
    """A service's own command: `arguments` adds its arguments, `run` runs it and returns the exit code."""

    words: str
    run: Run
    arguments: Callable[[argparse.ArgumentParser], Any] = lambda _: None


def run(service: Service, **own: Command) -> None:
    """Run the command line and exit: 0 done, 1 not done, 2 wrong arguments or settings.

    `own` are the service's own commands; an underscore in a name becomes a hyphen.
    """
    commands = {**_COMMANDS, **{name.replace("_", "-"): command for name, command in own.items()}}
    parser = argparse.ArgumentParser(prog=f"python -m services.{service.name}", description=service.title)
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in commands.items():
        command.arguments(choices.add_parser(name, help=command.words, description=command.words))
    given = parser.parse_args()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            sys.exit(runner.run(commands[given.command].run(service, given)))
    except SettingsRefused as refused:
        print(refused, file=sys.stderr)
        sys.exit(2)
    except DomainError as refused:
        print(f"{refused.title()} {refused}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


async def _serve(service: Service, _: argparse.Namespace) -> int:
    settings = Settings.load()
    logs.configure(level=settings.log_level, style=settings.log_format)
    missing = set(service.hears) - set(settings.log_urls)
    if missing and settings.bus == "direct":
        raise SettingsRefused(
            f"These settings are wrong:\n  LOG_URLS: the log of {', '.join(sorted(missing))} is missing"
        )
    bus = bus_of(settings, service.name)
    app = create_service(service, settings, bus)
    server = Server(app, settings)
    for number in (signal.SIGINT, signal.SIGTERM):
        # The server stops on the first signal and raises it again for the previous handlers, which must not end the
        # process.
        signal.signal(number, lambda *_: None)
    try:
        await server.serve()
    finally:
        await bus.close()
    return 0 if server.started else 1


async def _migrate(service: Service, _: argparse.Namespace) -> int:
    await migrations.migrate(DatabaseSettings.load().database_url, service.name)
    print(f"{service.name}: the database is at its newest version")
    return 0


async def _migration(service: Service, given: argparse.Namespace) -> int:
    file = await migrations.new_revision(DatabaseSettings.load().database_url, service.name, given.message)
    print(f"written: {file}; add exclusion and check constraints by hand")
    return 0


def openapi_text(service: Service) -> str:
    """Return the OpenAPI document of a service, its keys sorted so that two documents compare line by line."""
    nowhere = "https://nowhere.example"
    settings = Settings(
        database_url="postgresql+asyncpg://nowhere", token_issuer=nowhere, token_audience=nowhere, jwks_url=nowhere
    )
    document = create_service(service, settings, DirectBus({})).openapi()
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


async def _openapi(service: Service, _: argparse.Namespace) -> int:
    print(openapi_text(service), end="")
    return 0


async def _rebuild(service: Service, given: argparse.Namespace) -> int:
    settings = Settings.load()
    heard = service.subscriptions or Subscriptions(service.name)
    bus, database = bus_of(settings), await _opened(service, settings)
    try:
        done = await rebuild.rebuild(database, bus, heard, given.projection)
    finally:
        await database.close()
        await bus.close()
    print(f"{done.projection}: {done.events} events replayed; checksum before {done.before}, after {done.after}")
    print(
        "the projection matched the log" if done.is_equal else "the projection DIFFERED from the log, and is right now"
    )
    return 0


async def _checksum(service: Service, _: argparse.Namespace) -> int:
    database = await _opened(service, DatabaseSettings.load())
    try:
        found = await rebuild.checksums(database, service.subscriptions) if service.subscriptions else {}
    finally:
        await database.close()
    for projection, checksum in found.items():
        print(f"{checksum}  {projection}")
    return 0


async def _due_work(service: Service, given: argparse.Namespace) -> int:
    if service.due_work is None:
        print(f"{service.name} has no due work")
        return 0
    settings, clock = DatabaseSettings.load(), Clock()
    database = await _opened(service, settings)
    try:
        await read_moved(database, clock)
        if given.up_to > clock.today():
            print(f"{given.up_to} lies after today, {clock.today()}", file=sys.stderr)
            return 1
        done = await DueWork(database, clock, service.name, service.due_work, made_due=service.made_due).run_up_to(
            given.up_to
        )
    finally:
        await database.close()
    print(f"{done} pieces of work done, up to {given.up_to}")
    return 0


async def _opened(service: Service, settings: DatabaseSettings) -> Database:
    database = Database(settings.database_url, application_name=f"footprint-{service.name}-command", pool_size=2)
    await database.open()
    return database


_COMMANDS = {
    "serve": Command("Serve the API and run the event backbone", _serve),
    "migrate": Command("Migrate the database to its newest version", _migrate),
    "migration": Command(
        "Write the next migration; DATABASE_URL names an empty database to compare with",
        _migration,
        lambda parser: parser.add_argument("message"),
    ),
    "rebuild": Command(
        "Rebuild a projection from the log, and compare checksums",
        _rebuild,
        lambda parser: parser.add_argument("projection"),
    ),
    "checksum": Command("Print the checksum of every projection", _checksum),
    "verify-log": Command(
        "Verify the event log, its topic and what was consumed of others by their hash chains",
        cli_bus.verify_log,
        lambda parser: parser.add_argument("--alone", action="store_true", help="the service's own log alone"),
    ),
    "topics": Command("Create the service's topic on Kafka, with its settings", cli_bus.make_topic),
    "republish": Command("Publish the whole log again, to an empty topic", cli_bus.republish_log),
    "new-epoch": Command("Start a new epoch of the log: once, after a restore", cli_bus.begin_epoch),
    "continue-from": Command(
        "Set the consumer of a restored source to continue after a position",
        cli_bus.go_on_after,
        lambda parser: (
            parser.add_argument("source", metavar="SOURCE"),
            parser.add_argument("--after", type=int, required=True, metavar="POSITION"),
        ),
    ),
    "skip-record": Command(
        "Set a consumer past the record at which it has stopped, because it is no event",
        cli_bus.skip_alien,
        lambda parser: (
            parser.add_argument("source", metavar="SOURCE"),
            parser.add_argument("--offset", type=int, required=True, metavar="OFFSET"),
            parser.add_argument("--reason", required=True, metavar="WORDS"),
        ),
    ),
    "due-work": Command(
        "Do all work due up to a day",
        _due_work,
        lambda parser: parser.add_argument("--up-to", type=date.fromisoformat, required=True, metavar="DAY"),
    ),
    "openapi": Command("Print the OpenAPI document", _openapi),
}
