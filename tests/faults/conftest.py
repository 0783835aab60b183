"""What the tests of faults share: folders that are left clean, and the replay that nobody killed."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.kafka import Broker
from deploy.postgres.processes import end_postgres_processes
from tests.common.conftest import lamps
from tests.faults.killing import Legacy, legacy
from tests.support.edge import tokens

__all__ = ["lamps", "tokens"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a platform, in which nothing runs any more afterwards."""
    made = Path(tempfile.mkdtemp(prefix="footprint-faults-"))
    made.chmod(0o711)  # as root, PostgreSQL runs as another user, who has to pass
    yield made
    for data in made.glob("**/postgres/data"):
        end_postgres_processes(data)
    for kafka in made.glob("*/kafka"):
        Broker(kafka).kill()
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
async def unkilled(loaded: Path) -> Legacy:
    """What the replay leaves that nobody killed."""
    return await legacy(loaded / "var")
