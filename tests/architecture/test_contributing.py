"""CONTRIBUTING, the editor's settings and the hooks name files, commands and rules that there are."""

import re
import shutil
import tomllib
from pathlib import Path

import yaml

from tests.architecture.test_counted import LONGEST_FUNCTION, LONGEST_MODULE, LONGEST_PACKAGE
from tests.architecture.test_path_of_a_merger import MODULES

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def missing_files(text: str) -> list[str]:
    """Return the paths in a text, in backquotes or in commands, at which there is nothing."""
    named = re.findall(r"(?:services|libs|deploy|console|tests|docs|bench)/[\w./-]*\w/?", text)
    assert named
    return [name for name in sorted(set(named)) if not (ROOT / name).exists()]


def unknown_targets(text: str) -> set[str]:
    """Return the make targets in a text that the Makefile does not have."""
    return {target for target in re.findall(r"\bmake ([a-z-]+)", text) if f"\n{target}:" not in MAKEFILE}


def test_the_files_that_it_names_exist() -> None:
    assert missing_files("`services/registry/nowhere.py`")
    assert missing_files(GUIDE) == []


def test_the_make_targets_that_it_names_exist() -> None:
    assert unknown_targets("make tea") == {"tea"}
    assert unknown_targets(GUIDE) == set()


def test_the_programs_that_it_names_exist() -> None:
    modules = set(re.findall(r"python -m ((?:libs|services|deploy)[\w.]+)", GUIDE))
    assert modules
    for module in modules:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_the_example_of_a_package_is_whole() -> None:
    package = ROOT / "services" / "registry" / "clusters"
    named = set(re.findall(r"`services/registry/clusters/(\w+\.py)`", GUIDE))
    assert named == {path.name for path in package.glob("*.py")}


def test_the_path_of_a_merger_is_the_one_that_is_traced() -> None:
    listed = re.findall(r"^\d\. `services/registry/([\w/]+)\.py`$", GUIDE, flags=re.MULTILINE)
    assert tuple(name.replace("/", ".") for name in listed) == MODULES


def test_the_limits_that_it_names_are_those_that_are_counted() -> None:
    named = re.search(
        r"no package over ([\d,]+) lines of code, no module over (\d+) lines, no function over (\d+)", GUIDE
    )
    assert named is not None
    assert [int(one.replace(",", "")) for one in named.groups()] == [LONGEST_PACKAGE, LONGEST_MODULE, LONGEST_FUNCTION]


def test_the_questions_of_a_newcomer_are_answered() -> None:
    asked = {
        "command",
        "read",
        "page of the console",
        "event",
        "rule pack",
        "migration",
        "file format",
        "example",
        "setting",
        "problem type",
    }
    assert set(re.findall(r"^\*\*An? ([a-z ]+)\?\*\*", GUIDE, flags=re.MULTILINE)) == asked


def test_the_hooks_download_nothing_and_their_commands_exist() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    [local] = config["repos"]
    assert local["repo"] == "local"
    hooks = {hook["id"]: hook for hook in local["hooks"]}
    assert set(hooks) == {"format", "lint", "types", "imports", "documents"}
    for hook in hooks.values():
        program, *arguments = hook["entry"].split()
        assert hook["language"] == "system"
        assert program.startswith(".venv/bin/")
        assert shutil.which(ROOT / program), program
        if arguments[:1] == ["-m"] and arguments[1].startswith("deploy."):
            assert (ROOT / arguments[1].replace(".", "/")).with_suffix(".py").exists()


def test_the_editor_keeps_the_line_length_of_the_formatter() -> None:
    ruff = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]
    settings = (ROOT / ".editorconfig").read_text(encoding="utf-8")
    assert f"[*.py]\nmax_line_length = {ruff['line-length']}\n" in settings
