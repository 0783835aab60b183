"""Each service names its packages in its docstring, in the order of the layers that the linter holds."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("registry", "contracts", "finance", "governance")
WIRING = {"app", "routes", "reactions", "edge", "due"}


def layers(service: str) -> list[str]:
    """The packages of a service as the contract of its layers orders them, the highest first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    contract = next(one for one in contracts if one["id"] == f"{service}-layers")
    names = [name.strip() for layer in contract["layers"] for name in layer.split("|")]
    # What stands in parentheses need not be there yet.
    folder = ROOT / "services" / service
    there = [name.strip("()") for name in names if "(" not in name or (folder / name.strip("()")).exists()]
    return [name for name in there if name not in WIRING]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_names_its_packages_in_the_order_of_their_layers(service: str) -> None:
    folder = ROOT / "services" / service
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    named = re.findall(r"^(\w+)  +\S", text.split("Packages, the highest layer first")[1], flags=re.MULTILINE)
    assert named == layers(service)
    assert set(named) == {path.parent.name for path in folder.glob("*/__init__.py")} - WIRING
