"""The dependency rule holds, and each of its contracts has been seen to fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = [
    ("services-independent", "services/contracts/core/models.py", "import services.registry.core.models"),
    ("direction", "libs/common/money.py", "import services.finance.allowances.errors"),
    ("direction", "services/finance/core/models.py", "import deploy.postgres.server"),
    ("registry-layers", "services/registry/core/models.py", "import services.registry.lineage.queries"),
    ("registry-layers", "services/registry/mergers/rules.py", "import services.registry.relations.commands"),
    ("registry-layers", "services/registry/lineage/queries.py", "import services.registry.app"),
    ("contracts-layers", "services/contracts/signing/commands.py", "import services.contracts.terminations.commands"),
    ("contracts-layers", "services/contracts/transfers/commands.py", "import services.contracts.reactions"),
    ("finance-layers", "services/finance/charges/rules.py", "import services.finance.allowances.queries"),
    ("governance-layers", "services/governance/bodies/commands.py", "import services.governance.mergers.rules"),
    ("inside-a-package", "services/registry/mergers/errors.py", "import services.registry.mergers.models"),
    ("inside-a-package", "services/registry/cover/rules.py", "import services.registry.cover.queries"),
    ("inside-a-package", "services/registry/mergers/views.py", "import services.registry.mergers.queries"),
    ("inside-a-package", "services/finance/allowances/queries.py", "import services.finance.allowances.commands"),
    ("routes-from-one-place", "services/registry/search/queries.py", "import services.registry.fhir.api"),
    ("routes-from-one-place", "services/governance/bodies/posts.py", "import services.governance.bodies.api"),
    ("finance-arithmetic", "services/finance/core/flows.py", "import sqlalchemy"),
    ("events-are-plain", "libs/common/events/registry.py", "import sqlalchemy"),
    ("web-at-the-edge", "services/registry/lineage/queries.py", "import fastapi"),
    ("common-layers", "libs/common/errors.py", "import libs.common.http.dependencies"),
    ("common-layers", "libs/common/database/tables.py", "import libs.common.messaging.outbox"),
    ("common-knows-nobody", "libs/common/temporal/timeline.py", "import libs.organisations.projection"),
    ("kafka-in-one-place", "libs/common/messaging/outbox.py", "import aiokafka"),
    ("documents-worker", "services/finance/reports/queries.py", "import services.finance.documents.pdf"),
    ("no-cycles", "libs/common/errors.py", "import libs.common.messaging.bus"),
    ("no-cycles", "services/registry/core/kinds.py", "import services.registry.lineage.queries"),
]


def lint(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).parent / "lint-imports")
    command = [program, "--no-logo", *options]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source in a folder of its own: who plants something in it removes it."""
    root = tmp_path_factory.mktemp("source")
    for folder in ("services", "libs", "deploy", "console"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", "*.csv", "*.json"))
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def test_the_code_keeps_the_dependency_rule() -> None:
    done = lint(ROOT, "--no-cache")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("contract", "module", "violation"), PLANTED)
def test_a_planted_violation_is_caught(copy: Path, contract: str, module: str, violation: str) -> None:
    path = copy / module
    sound = path.read_text(encoding="utf-8")
    path.write_text(f"{sound}\n{violation}\n", encoding="utf-8")
    done = lint(copy, "--contract", contract, "--cache-dir", str(copy / "cache"))  # of 26 runs one reads all modules
    path.write_text(sound, encoding="utf-8")
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout
