"""As whom PostgreSQL runs: it refuses root, and the account that replaces root has to reach its files."""

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
    """Who owns PostgreSQL's files, and how its programs are run as that owner."""

    uid: int
    gid: int
    in_namespace: bool = False
    """Root that looks like an ordinary user to PostgreSQL, by a user namespace."""

    def run(self, *command: str | Path, timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, with no PG* variable of the caller's; for the caller to look at the result."""
        switch: dict[str, Any] = {}
        if self.uid != os.geteuid():
            switch = {"user": self.uid, "group": self.gid, "extra_groups": []}
        prefix = _NAMESPACE if self.in_namespace else ()
        # cwd: the account may not be allowed to stand where the caller stands.
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
        """Give one file or folder to this account; a no-op where it has it already."""
        if path.lstat().st_uid != self.uid:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_work_in(self, folder: Path, programs: Path) -> bool:
        """Whether it can run PostgreSQL's programs and reach the folder: tried, not derived from modes."""
        try:
            tries = [
                self.run(programs / "postgres", "--version", timeout=30),
                self.run("test", "-x", folder, timeout=30),
            ]
        except OSError:
            return False
        return all(done.returncode == 0 for done in tries)


def clean_environment() -> dict[str, str]:
    """This process's environment without anything that redirects PostgreSQL's programs or changes their language."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C", "PGCONNECT_TIMEOUT": "5"}


def choose_account(folder: Path, data: Path, programs: Path) -> Account:
    """The account for a data folder: its owner where it exists, else us, else (for root) what works on this machine."""
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
                f"run as that user, or remove {folder} (and with it what it holds)."
            )
        return account
    if owner.st_uid == 0:
        return _root_in_namespace(folder, programs)
    if not account.can_work_in(folder, programs):
        raise PostgresUnavailable(
            f"{data} belongs to user {owner.st_uid}, who cannot reach it or PostgreSQL's programs in {programs}: "
            "move both to where that user may go, or remove the folder."
        )
    return account


def _root_in_namespace(folder: Path, programs: Path) -> Account:
    root = Account(uid=0, gid=0, in_namespace=True)
    if not root.can_work_in(folder, programs):
        raise PostgresUnavailable(
            "PostgreSQL does not run as root, and neither way around it works here: "
            f"user 'nobody' cannot reach {folder} or {programs}, and user namespaces are forbidden. "
            "Run as an ordinary user; or move the checkout to a folder that everybody may enter, such as /opt; "
            "or allow user namespaces (unshare --user must work)."
        )
    return root


def _nobody() -> Account:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(uid=65534, gid=65534)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)
