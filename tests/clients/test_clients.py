"""Generators take every operation of every service and every event, and what they make works on the demo."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.demo import Demo
from tests.support.platform import SERVICES
from tests.support.tools import PROGRAMS, node_tools, python_tool, run

HERE = Path(__file__).parent
DOCUMENTS = HERE.parents[1] / "docs"
READ = """
import sys
from datetime import date

from registry.api.organisations import get_organisation
from registry.client import AuthenticatedClient

_, address, token = sys.argv
client = AuthenticatedClient(base_url=f"{address}/registry", token=token)
found = get_organisation.sync(code="14Y", client=client, as_at=date(2018, 4, 1))
print(found.name, found.kind, found.since)
"""
"""A program that asks for a body by the client that openapi-python-client generated."""


@pytest.fixture(scope="session")
def node() -> Path:
    """The folder with the generators from npm."""
    return node_tools(HERE)


@pytest.fixture(scope="session")
def python() -> Path:
    """The programs of the environment with openapi-python-client."""
    return python_tool(HERE / "openapi-python-client.lock")


def operations(service: str) -> Iterator[str]:
    """The ids of a service's operations."""
    document = json.loads((DOCUMENTS / "openapi" / f"{service}.json").read_text(encoding="utf-8"))
    for ways in document["paths"].values():
        yield from (operation["operationId"] for operation in ways.values())


@pytest.mark.parametrize("service", SERVICES)
def test_openapi_python_client_takes_every_operation_without_a_warning(
    service: str, python: Path, tmp_path: Path
) -> None:
    generate_python(python, service, tmp_path)
    made = [file.stem for file in (tmp_path / service / "api").glob("*/*.py") if file.stem != "__init__"]
    assert sorted(made) == sorted(operations(service))


def generate_python(python: Path, service: str, folder: Path) -> None:
    """Generate a client below this folder; a warning fails."""
    document = DOCUMENTS / "openapi" / f"{service}.json"
    options = ("--path", document, "--output-path", folder / service, "--meta", "none")
    assert "arning" not in run([python / "openapi-python-client", "generate", *options], folder)


def test_the_generated_python_client_asks_the_demo(demo: Demo, python: Path, tmp_path: Path) -> None:
    generate_python(python, "registry", tmp_path)
    told = run([python / "python", "-c", READ, demo.address, demo.token()], tmp_path, PYTHONPATH=str(tmp_path))
    assert told == "NHS Buckinghamshire CCG ccg 2018-04-01\n"


@pytest.mark.parametrize("service", SERVICES)
def test_openapi_typescript_takes_every_operation(service: str, node: Path, tmp_path: Path) -> None:
    types = generate_types(node, service, tmp_path).read_text(encoding="utf-8")
    declared = types.partition("export interface operations {")[2]
    assert [name for name in operations(service) if f"\n    {name}: {{" not in declared] == []


def generate_types(node: Path, service: str, folder: Path) -> Path:
    """Generate a service's types in this folder; a warning fails."""
    program, target = node / "node_modules" / "openapi-typescript" / "bin" / "cli.js", folder / f"{service}.ts"
    document = DOCUMENTS / "openapi" / f"{service}.json"
    assert "arning" not in run([PROGRAMS / "node", program, document, "-o", target], folder)
    return target


def test_modelina_names_every_model_and_typescript_reads_the_demo_with_them(
    demo: Demo, node: Path, tmp_path: Path
) -> None:
    generate_types(node, "registry", tmp_path)
    document = DOCUMENTS / "asyncapi.json"
    models = json.loads(run([PROGRAMS / "node", HERE / "model.mjs", node, document, tmp_path / "events"], tmp_path))
    messages = json.loads(document.read_text(encoding="utf-8"))["components"]["messages"]
    assert len([name for name in models if name.endswith("Event")]) == len(messages)
    assert [name for name in models if "Anonymous" in name or name == "Root"] == []

    (tmp_path / "node_modules").symlink_to(node / "node_modules")
    (tmp_path / "read.ts").write_bytes((HERE / "read.ts").read_bytes())
    options = ["--noEmit", "--strict", "--skipLibCheck", "--allowImportingTsExtensions", "--target", "es2022"]
    options += ("--module", "es2022", "--moduleResolution", "bundler", "--types", "node")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    run([PROGRAMS / "node", node / "node_modules" / "typescript" / "bin" / "tsc", *options, "read.ts"], tmp_path)
    told = run([PROGRAMS / "node", "--no-warnings", "read.ts", demo.address, demo.token()], tmp_path)
    assert json.loads(told) == {"name": "NHS Buckinghamshire CCG", "merged": ["00F", "00G", "00H"]}
