"""The locks: what runs needs no tool of the checks, each lock holds the one before it, and all agree."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-laptop.lock", "requirements-kafka.lock", "requirements-dev.lock")
"""Each is for what needs the ones before it too: the images, `make run`, `make run BUS=kafka`, the checks."""
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def text(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8")


def versions(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", text(lock), flags=re.MULTILINE))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[^\w.-]", each)[0]) for each in requirements}


def imported(*folders: str) -> Iterator[tuple[str, Path]]:
    """The packages that the modules of these folders import, each with the module."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from ((each.name.partition(".")[0], path) for each in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield node.module.partition(".")[0], path


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_has_its_version_and_hashes_and_no_address(lock: str) -> None:
    packages = re.split(r"^(?=[a-z0-9])", text(lock), flags=re.MULTILINE)[1:]
    assert len(packages) == len(versions(lock)) > 30
    assert all("--hash=sha256:" in package for package in packages)
    assert "://" not in text(lock)


def test_each_lock_holds_the_one_before_it_in_the_same_versions() -> None:
    for smaller, larger in pairwise(LOCKS):
        assert versions(smaller).items() < versions(larger).items()


def test_each_lock_holds_what_is_declared_for_it_and_no_tool_before_the_last() -> None:
    extras = DECLARED["optional-dependencies"]
    declared = [DECLARED["dependencies"], extras["laptop"], extras["kafka"], extras["dev"]]
    for number, lock in enumerate(LOCKS):
        needed = set[str]().union(*(names(each) for each in declared[: number + 1]))
        assert needed <= set(versions(lock)), lock
    tools = names(extras["dev"]) - {"cryptography", "python-dateutil"}  # tokens and calendars need them too
    assert not tools & set(versions(LOCKS[-2]))


@pytest.mark.parametrize(
    ("folders", "lock"),
    [(("services", "libs", "console"), "requirements.lock"), (("deploy",), "requirements-kafka.lock")],
    ids=["images", "laptop"],
)
def test_what_runs_imports_only_what_its_lock_holds(folders: tuple[str, ...], lock: str) -> None:
    installed, locked = packages_distributions(), set(versions(lock))
    ours = {"services", "libs", "console", "deploy"} | sys.stdlib_module_names
    foreign = {
        f"{path.relative_to(ROOT)} imports {name}"
        for name, path in imported(*folders)
        if name not in ours and not {normal(each) for each in installed.get(name, ())} & locked
    }
    assert not foreign
