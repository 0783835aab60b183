"""The source as syntax trees, parsed once for all rules that are checked on it."""

import ast
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Module:
    """One module: its path below the repository, and its text."""

    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    @property
    def service(self) -> str | None:
        """The service that it belongs to: `registry` of `services/registry/mergers/rules.py`."""
        return self.path.parts[1] if self.path.parts[0] == "services" and len(self.path.parts) > 2 else None

    @property
    def public_classes(self) -> list[ast.ClassDef]:
        """The classes that other modules may use."""
        return [node for node in self.tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]

    @property
    def public_functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """The functions that other modules may use, and the methods of their classes."""
        bodies = [self.tree.body, *(one.body for one in self.public_classes)]
        return [
            node
            for body in bodies
            for node in body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_")
        ]

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Everything in its tree."""
        return list(ast.walk(self.tree))

    @property
    def functions(self) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        """All functions, however deep, a method under its class: `Timeline.__init__`."""
        owners = {
            node: f"{owner.name}." for owner in self.nodes if isinstance(owner, ast.ClassDef) for node in owner.body
        }
        return [
            (owners.get(node, "") + node.name, node)
            for node in self.nodes
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]

    @cached_property
    def lines_of_code(self) -> list[int]:
        """The numbers of its lines without blank ones, comments and docstrings, those of constants included."""
        prose = {
            line
            for node in self.nodes
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        return [
            number
            for number, line in enumerate(self.text.splitlines(), 1)
            if line.strip() and not line.lstrip().startswith("#") and number not in prose
        ]


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Return the modules below these folders, but for migrations, which are generated once."""
    return tuple(
        Module(path.relative_to(ROOT), path.read_text(encoding="utf-8"))
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "versions" not in path.parts
    )


def words(name: str) -> list[str]:
    """Return the words of a name: `SchemeSort` -> scheme, sort; `CCGNotFound` -> ccg, not, found."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
