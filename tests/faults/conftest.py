"""What the tests of faults share: folders in memory that are left clean, and the replay that nobody killed."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.kafka import Broker
from deploy.postgres.processes import end_postgres_processes
from tests.common.conftest import lamps
from tests.faults.killing import Legacy, legacy, run_to_the_end
from tests.support.edge import tokens

__all__ = ["lamps", "tokens"]


def _folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="footprint-faults-"))
    made.chmod(0o711)  # as root, PostgreSQL runs as another user, who has to pass
    yield made
    for data in made.glob("**/postgres/data"):
        end_postgres_processes(data)
    for kafka in made.glob("*/kafka"):
        Broker(kafka).kill()
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a platform, in which nothing runs any more afterwards."""
    yield from _folder()


@pytest.fixture(scope="session")
async def unkilled() -> AsyncIterator[Legacy]:
    """What the replay leaves that nobody killed."""
    for made in _folder():
        run_to_the_end(made / "var")
        yield await legacy(made / "var")
