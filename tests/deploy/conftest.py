"""Folders and servers for tests of embedded PostgreSQL, for every account that it can run as on this machine."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from pwd import getpwnam
from typing import TypeAlias

import pytest

from deploy.postgres.processes import end_postgres_processes
from deploy.postgres.server import EmbeddedPostgres

REPOSITORY = Path(__file__).parents[2]
IS_ROOT = os.geteuid() == 0
# initdb looks its user up, and of ordinary users a bare machine has this one alone.
_NOBODY = getpwnam("nobody")
AS_ORDINARY_USER = (
    ("unshare", "--user", f"--map-user={_NOBODY.pw_uid}", f"--map-group={_NOBODY.pw_gid}", "--") if IS_ROOT else ()
)
"""What makes an ordinary user of us; nothing for one who is."""

NewServer: TypeAlias = Callable[[Path], EmbeddedPostgres]


def _namespaces_work() -> bool:
    tried = subprocess.run(["unshare", "--user", "--map-user=65534", "--map-group=65534", "--", "true"], check=False)
    return tried.returncode == 0


NAMESPACES_WORK = IS_ROOT and _namespaces_work()
# A folder of mode 0711 lets root's PostgreSQL run as nobody, one of mode 0700 takes it into a namespace.
_MODES = [0o711, 0o700] if NAMESPACES_WORK else [0o711]


def new_folder(mode: int) -> Path:
    """Make a folder of this mode, for others to remove."""
    folder = Path(tempfile.mkdtemp(prefix="footprint-deploy-"))
    folder.chmod(mode)
    return folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter, removed afterwards."""
    made = new_folder(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(params=_MODES, ids=oct)
def any_folder(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder of each mode that this machine can work with."""
    made = new_folder(request.param)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def new_server() -> Iterator[NewServer]:
    """Makes servers, not yet started; what still runs of them at the end is ended."""
    made: list[EmbeddedPostgres] = []

    def new(folder: Path) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(folder, {"fsync": "off"}))
        return made[-1]

    yield new
    for server in made:
        end_postgres_processes(server.data)
        shutil.rmtree(server.socket_folder, ignore_errors=True)


def begin(verb: str, folder: Path, *prefix: str) -> "subprocess.Popen[bytes]":
    """Start or stop a server from a process of its own, which the prefix may run as somebody else."""
    command = [*prefix, sys.executable, "-m", "deploy.postgres.server", verb, str(folder)]
    return subprocess.Popen(command, cwd=REPOSITORY)
