"""Chooses the operating-system account for PostgreSQL, which refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")


class PostgresUnavailable(Exception):
    """Embedded PostgreSQL cannot run here; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account that owns PostgreSQL's files, and how to run its programs as that account."""

    uid: int
    gid: int
    in_namespace: bool = False
    """Whether this is root mapped to an ordinary user in a user namespace, for PostgreSQL."""

    def run(self, *command: str | Path, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, without the caller's PG* variables; the caller checks the result."""
        switch: dict[str, Any] = {}
        if self.uid != os.geteuid():
            switch = {"user": self.uid, "group": self.gid, "extra_groups": []}
        prefix = _NAMESPACE if self.in_namespace else ()
        # cwd: the account may not be allowed to enter the caller's working directory.
        return subprocess.run(  # noqa: S603 - our own programs and arguments, no shell
            [*prefix, *map(str, command)],
            cwd="/",
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            **switch,
        )

    def own(self, path: Path) -> None:
        """Give one file or folder to this account; does nothing if it owns it already."""
        if path.lstat().st_uid != self.uid:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_work_in(self, folder: Path, programs: Path) -> bool:
        """Whether it can run PostgreSQL's programs and reach the folder: tried out, not derived from modes."""
        try:
            tries = [
                self.run(programs / "postgres", "--version", timeout=30),
                self.run("test", "-x", folder, timeout=30),
            ]
        except OSError:
            return False
        return all(done.returncode == 0 for done in tries)


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what redirects PostgreSQL's programs or changes their language."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return variables | {"LC_ALL": "C", "PGCONNECT_TIMEOUT": "5"}


def choose_account(folder: Path, data: Path, programs: Path) -> Account:
    """Return the account for a data folder: its owner if it exists, else us, else (for root) what works here."""
    if data.exists():
        return _owner_of(data, folder, programs)
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid())
    nobody = _nobody()
    if nobody.can_work_in(folder, programs):
        return nobody
    return _root_in_namespace(folder, programs)


def _owner_of(data: Path, folder: Path, programs: Path) -> Account:
    owner = data.stat()
    account = Account(uid=owner.st_uid, gid=owner.st_gid)
    if os.geteuid() != 0:
        if owner.st_uid != os.geteuid():
            raise PostgresUnavailable(
                f"{data} belongs to user {owner.st_uid} and you are user {os.geteuid()}: "
                f"run as that user, or delete {folder} with all its data."
            )
        return account
    if owner.st_uid == 0:
        return _root_in_namespace(folder, programs)
    if not account.can_work_in(folder, programs):
        raise PostgresUnavailable(
            f"{data} belongs to user {owner.st_uid}, who cannot reach it or PostgreSQL's programs in {programs}: "
            "move both to a folder that this user may enter, or delete the folder."
        )
    return account


def _root_in_namespace(folder: Path, programs: Path) -> Account:
    root = Account(uid=0, gid=0, in_namespace=True)
    if not root.can_work_in(folder, programs):
        raise PostgresUnavailable(
            "PostgreSQL refuses to run as root, and neither workaround is available here: "
            f"user 'nobody' cannot reach {folder} or {programs}, and user namespaces are forbidden. "
            "Run as an ordinary user; or move the checkout to a folder that every user may enter, such as /opt; "
            "or allow user namespaces (unshare --user must work)."
        )
    return root


def _nobody() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(uid=65534, gid=65534)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)
