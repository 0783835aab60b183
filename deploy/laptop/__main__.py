"""Runs Footprint on one machine: `python -m deploy.laptop` starts PostgreSQL, the four services and the demo."""

import argparse
import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

import httpx
import uvloop

from deploy.demo.load import load
from deploy.demo.records import ATTRIBUTION, DemoRecords, read_records
from deploy.demo.services import NotCaughtUp, Refused, Services
from deploy.kafka import BrokerUnavailable
from deploy.laptop.branches import stop_branch_server
from deploy.laptop.issuer import DEMO_PASSWORD
from deploy.laptop.kafka import kafka_for, stop_kafka
from deploy.laptop.lock import AlreadyRunning, Claim, NotStopping, ask_to_stop, claim
from deploy.laptop.page import render
from deploy.laptop.server import USUAL_PORT, PortTaken, ServerEnded, address_of, listen, serving
from deploy.laptop.services import assemble, create_topics, make_databases, migrate_all
from deploy.laptop.state import BY, Latest, as_text, read_state
from deploy.laptop.users import USERS
from deploy.postgres.account import PostgresUnavailable
from deploy.postgres.server import EmbeddedPostgres
from libs.common.messaging.bus.kafka_access import BusUnavailable, KafkaAccess, TopicMissing
from libs.common.process import logs
from libs.common.process.start import uncollected
from libs.common.service.settings import SettingsRefused

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_REQUEST_SECONDS = 60.0
_LOG_BYTES = 10_000_000
_FOR_PEOPLE = (
    AlreadyRunning,
    BrokerUnavailable,
    BusUnavailable,
    NotStopping,
    PortTaken,
    PostgresUnavailable,
    ServerEnded,
    SettingsRefused,
    TopicMissing,
    PermissionError,
)
"""Expected errors, which are no bugs: only their message is printed."""


@dataclass
class Laptop:
    """One run: its options, and what the index page shows so far."""

    folder: Path
    with_demo: bool = True
    demo_only: bool = False
    status: str = ""
    complete: bool = False
    usual_port_taken: bool = False
    kafka: KafkaAccess | None = None
    latest: Latest | None = None

    async def page(self) -> str:
        """Return the first page as of now."""
        state = await self.latest.state() if self.latest else None
        kafka = self.kafka.bootstrap if self.kafka else ""
        return render(state, status=self.status, users=USERS, attribution=ATTRIBUTION, kafka=kafka)

    async def run(self, urls: Mapping[str, str], listener: socket.socket, lock: Claim) -> int:
        """Serve until a signal arrives (with `demo_only`, until the demo is loaded) and return the exit code."""
        stopping = _stop_signal()
        address = address_of(listener)
        # Not through a proxy: the services are on this machine.
        client = httpx.AsyncClient(base_url=address, timeout=_REQUEST_SECONDS, trust_env=False)
        with uncollected():
            await migrate_all(urls)
            if self.kafka is not None:
                await create_topics(self.kafka)
            footprint = assemble(
                urls, address=address, folder=self.folder, page=self.page, client=client, kafka=self.kafka
            )
        records = read_records()
        self.latest = Latest(lambda: read_state(footprint.asked, records))
        async with client, serving(footprint, listener) as server:
            lock.tell(address)
            self._say_where(address)
            stopped = asyncio.create_task(stopping.wait())
            demo = asyncio.create_task(self._demo(footprint.asked, records, address))
            await asyncio.wait({server, stopped, demo}, return_when=asyncio.FIRST_COMPLETED)
            if demo.done():
                demo.result()
            if not self.demo_only:
                await asyncio.wait({server, stopped}, return_when=asyncio.FIRST_COMPLETED)
            demo.cancel()
            stopped.cancel()
            await asyncio.wait({demo, stopped})
            if server.done():
                server.result()
                raise ServerEnded(f"the server stopped unexpectedly: see {self.folder / 'laptop.log'}")
        return 1 if self.demo_only and not self.complete else 0

    def _say_where(self, address: str) -> None:
        """Print what a newcomer needs at once: the address, why it is not the usual one, and how to get a token."""
        port = address.rpartition(":")[2]
        taken = f"\nPort {USUAL_PORT} is taken, so it runs on {port}." if self.usual_port_taken else ""
        kafka = f"\nKafka listens at {self.kafka.bootstrap}." if self.kafka else ""
        _say(
            f"Footprint runs at {address} (Ctrl-C stops it){taken}{kafka}\n"
            f"A token: curl -d grant_type=password -d username={BY} -d password={DEMO_PASSWORD} {address}/issuer/token"
        )

    async def _demo(self, services: Services, records: DemoRecords, address: str) -> None:
        """Load what is missing of the demo, through the port like any other client, and print what is so."""
        if not self.with_demo:
            return
        self.status = "The demo is loading; this page reloads by itself."
        try:
            if not await load(services, records, _say):
                _say("The demo is already loaded; nothing was missing.")
            state = await read_state(services, records)
            if self.latest:
                self.latest.keep(state)
        except (Refused, NotCaughtUp, httpx.HTTPError) as error:
            self.status = f"The demo could not be loaded completely: {error or type(error).__name__}"
            _say(f"{self.status}\nThe services are running; the next start continues with the demo.")
            return
        self.status, self.complete = "", True
        _say(f"\n{as_text(state, address=address)}\n\nOpen {address} for the same with links to every answer.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, or with `stop` stop the run of this folder; return the exit code."""
    options = _options(arguments)
    folder: Path = options.data.resolve()
    # Until the services run, and while PostgreSQL stops, every signal is treated as Ctrl-C.
    for number in _SIGNALS:
        signal.signal(number, signal.default_int_handler)
    try:
        if options.verb == "stop":
            return _stop(folder)
        with claim(folder) as lock:
            return _start(folder, options, lock)
    except KeyboardInterrupt:
        return 0
    except _FOR_PEOPLE as error:
        _say(str(error), to_errors=True)
        return 1


def _start(folder: Path, options: argparse.Namespace, lock: Claim) -> int:
    listener = listen(options.port)
    _log_into(folder / "laptop.log")
    laptop = Laptop(folder, with_demo=not options.no_demo, demo_only=options.demo_only)
    laptop.usual_port_taken = options.port is None and not address_of(listener).endswith(f":{USUAL_PORT}")
    postgres = EmbeddedPostgres(folder / "postgres")
    try:
        _say(f"Starting PostgreSQL in {postgres.folder} ...")
        postgres.start()
        with (
            kafka_for(options.bus, folder, _say) as laptop.kafka,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            return runner.run(laptop.run(make_databases(postgres), listener, lock))
    finally:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        _say("Stopping ...")
        stop_branch_server(folder)
        postgres.stop()
        _say("Stopped; the data stays in the folder.")


def _stop(folder: Path) -> int:
    if ask_to_stop(folder):
        _say("Stopped.")
    if (folder / "postgres").exists():
        EmbeddedPostgres(folder / "postgres").stop()
    stop_branch_server(folder)
    stop_kafka(folder)
    return 0


def _stop_signal() -> asyncio.Event:
    """Return an event that is set once this process is asked to stop."""
    stopping = asyncio.Event()
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping


def _log_into(file: Path) -> None:
    """Send all logs to a file, which starts anew at a certain size: the terminal is for people."""
    logs.configure(style="json")
    root = logging.getLogger()
    output = RotatingFileHandler(file, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    output.setFormatter(root.handlers[0].formatter)
    root.handlers[:] = [output]


def _say(words: str, *, to_errors: bool = False) -> None:
    # A closed terminal must not prevent PostgreSQL from being stopped.
    with suppress(OSError):
        print(words, file=sys.stderr if to_errors else sys.stdout, flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.laptop", description=__doc__)
    parser.add_argument(
        "verb", nargs="?", choices=("run", "stop"), default="run", help="stop: stop the run of this folder"
    )
    parser.add_argument("--port", type=int, help="default: 8000, or a free port if it is taken; 0 for any free port")
    parser.add_argument("--data", type=Path, default=Path("var"), help="folder for all data (default: ./var)")
    parser.add_argument(
        "--bus",
        choices=("direct", "kafka"),
        default="direct",
        help="kafka: its own broker, or the one in KAFKA_BOOTSTRAP",
    )
    parser.add_argument("--no-demo", action="store_true", help="start without loading the demo")
    parser.add_argument("--demo-only", action="store_true", help="load the demo, print what happened, stop")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
