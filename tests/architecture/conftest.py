"""What several checks look at: the registry as it works inside, and the committed documents as the code gives them."""

from pathlib import Path

import pytest

from deploy.documents import documents
from tests.registry.conftest import registry, tokens, url

__all__ = ["given", "registry", "tokens", "url"]


@pytest.fixture(scope="session")
def given() -> dict[Path, str]:
    """Every committed document as the code gives it, by its path."""
    return documents()
