"""Tests against the public files of ../shared/data: they skip where the folder is absent, and fail where CI runs."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from libs.common.database.connection import Database
from libs.common.messaging.bus.direct import DirectBus
from tests.data.whole import Whole, gathered, take_all
from tests.support.apps import running_service
from tests.support.databases import OWNER, Databases
from tests.support.edge import Tokens, tokens
from tests.support.registry_client import RegistryClient

__all__ = ["tokens"]

SHARED = Path(__file__).parents[3] / "shared" / "data"
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that `-m data` and `-m "not data"` choose."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.data)


@pytest.fixture(scope="session", autouse=True)
def shared() -> Path:
    """The folder of public files."""
    if not SHARED.is_dir():
        reason = f"the public files are not there: {SHARED}"
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI has to have them: {reason}")
        pytest.skip(reason)
    return SHARED


@pytest.fixture(scope="session")
def folder_of(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`folder_of("ods-eccg/*.csv", ...)` puts these files into one folder, as somebody would who imports them."""

    def made(*patterns: str) -> Path:
        folder = tmp_path_factory.mktemp("ods")
        for pattern in patterns:
            for file in sorted(shared.glob(pattern)):
                shutil.copy(file, folder)
        return folder

    return made


@pytest.fixture(scope="session")
async def taken(templates: Databases, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """What came of taking every file, once for the whole session."""
    return await take_all(templates, gathered(shared, tmp_path_factory.mktemp("whole")))


@pytest.fixture
async def whole(templates: Databases, taken: Whole) -> AsyncIterator[Database]:
    """A registry that took every public file, the same for all tests: they read it and change nothing."""
    database = Database(templates.server.dsn(taken.name, OWNER))
    await database.open()
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def whole_registry(templates: Databases, taken: Whole, tokens: Tokens) -> AsyncIterator[RegistryClient]:
    """A registry that took every public file, running on a copy; one for a module, whose tests change nothing."""
    name = await templates.create(taken.template)
    url = templates.server.dsn(name, OWNER)
    bus = DirectBus({"registry": url})
    async with running_service("registry", tokens.settings(url), bus) as (app, client):
        yield RegistryClient(app, client, tokens)
    await bus.close()
    await templates.drop(name)
