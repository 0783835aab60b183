"""The registry's queries return the class of the answer, or a frozen dataclass that a rule computes with."""

import ast
import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

from pydantic import BaseModel

import services.registry
from services.registry.core.base import Base
from tests.architecture.source import Module, modules

READS = {"Reads", "Database", "asyncpg.Connection", "AsyncSession"}
"""What a function takes that reads the database."""
ROWS = {"dict", "Mapping", "Record", "asyncpg.Record", "RowMapping"}


def returns_rows(source: Iterable[Module]) -> Iterator[str]:
    """Give the public functions that read the database and return rows, or dicts of fields."""
    for module in source:
        for function in module.public_functions:
            takes = {ast.unparse(one.annotation) for one in function.args.args if one.annotation is not None}
            if takes & READS and function.returns is not None and _names(function.returns) & ROWS:
                yield f"{module.path}: {function.name} -> {ast.unparse(function.returns)}"


def _names(annotation: ast.expr) -> set[str]:
    return {ast.unparse(node) for node in ast.walk(annotation) if isinstance(node, ast.Name | ast.Attribute)}


def repeated(classes: Iterable[type]) -> Iterator[str]:
    """Give the views that have exactly the fields of a dataclass of their package."""
    classes = list(classes)
    for view in classes:
        for one in classes:
            if (
                issubclass(view, BaseModel)
                and view.__name__.endswith("View")
                and is_dataclass(one)
                and not issubclass(one, Base)
                and _package(view) == _package(one)
                and set(view.model_fields) == {field.name for field in fields(one)}
            ):
                yield f"{view.__module__}.{view.__name__} repeats {one.__module__}.{one.__name__}"


def _package(one: type) -> tuple[str, ...]:
    return tuple(one.__module__.split(".")[:3])


def classes_of_the_registry() -> list[type]:
    """Return every class that a module of the registry defines."""
    path, prefix = services.registry.__path__, f"{services.registry.__name__}."
    names = [found.name for found in pkgutil.walk_packages(path, prefix) if "migrations" not in found.name]
    defined = [
        one
        for name in names
        if not name.endswith("__main__")
        for one in vars(importlib.import_module(name)).values()
        if isinstance(one, type) and one.__module__ == name
    ]
    assert defined
    return defined


def test_a_query_returns_an_answer_and_no_row() -> None:
    planted = """
async def practices_of(db: Reads, code: str) -> list[asyncpg.Record]: ...
async def name_of(session: AsyncSession, code: str) -> dict[str, str]: ...
async def members_of(db: Reads, code: str) -> ByCode[MemberView]: ...
"""
    seen = list(returns_rows([Module(Path("services/registry/a/queries.py"), planted)]))
    assert [one.split(" ")[1] for one in seen] == ["practices_of", "name_of"]
    assert list(returns_rows(modules("services/registry"))) == []


def test_no_view_repeats_a_dataclass_of_its_package() -> None:
    class CountView(BaseModel):
        people: int
        source: str

    @dataclass(frozen=True)
    class Count:
        source: str
        people: int

    assert len(list(repeated([CountView, Count]))) == 1
    assert list(repeated(classes_of_the_registry())) == []
