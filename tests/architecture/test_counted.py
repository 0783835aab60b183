"""Sizes and names that the house counts, each rule seen to fail on a planted case."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.architecture.source import Module, modules, words

LONGEST_PACKAGE = 1500
ONE_A_PUBLISHER = "libs/common/events/*.py"
"""A module of events is as long as its publisher has events: partners import it by the publisher's name."""
LONGEST_MODULE = 500
LONGEST_FUNCTION = 40

LONG_FOR_A_REASON = {
    "_add_event_tables": "one table after another, each a list of columns",
    "Timeline.__init__": "the SQL of a timeline, each statement once, with the names of its tables filled in",
    "Successions.__init__": "the same, of successions",
}
"""Functions over the limit, and why they are not divided."""

OUTSIDE_A_PACKAGE = {"__init__", "__main__", "app", "routes", "reactions", "edge", "tables"}

BANNED = {
    *("manager", "managers", "helper", "helpers", "util", "utils", "handle", "handles", "handlers", "data", "info"),
    *("answers", "details", "fact", "facts", "thing", "things"),
    *("held", "said", "told", "word", "kept", "wanted", "found", "chosen", "span", "spans", "tie", "ties"),
    *("sort", "place"),
}

EXCEPT = {
    "NotFound": "the error that answers 404, as HTTP calls it",
    "not_found": "the page that answers it",
    "PostHeld": "an office is held by somebody: the field's word",
    "RoleNotHeld": "the same, of a role of an organisation",
    "CostShiftFound": "an event, named in the past tense",
    "ObstructionFound": "the same",
    "MeetingHeld": "the same",
    "data_received": "a method of asyncio's protocols, which calls it by this name",
    "sort": "a property named for the column and the field of answers, which stay",
}
"""Names, or what they end with, that may have a banned word in them, and why."""

PARTICIPLES = (
    "ed",
    "ing",
    "ings",
    "held",
    "said",
    "told",
    "kept",
    "found",
    "chosen",
    "made",
    "given",
    "taken",
    "known",
)

WORDS_OF_THE_FIELD = {
    # Named by the layout: words of the field, or names of the tree.
    *("believed", "migrating", "paging", "parking", "recording", "serving", "signing", "sourcing"),
    *("findings", "meetings", "standing", "tracing", "undoing", "co_commissioning"),
    # Nouns of computing.
    *("drawing", "drawings", "mapping", "messaging", "planning", "settings", "shaping"),
    # Nouns of economics.
    *("discounting", "savings"),
}


def too_long_packages(source: Iterable[Module]) -> Iterator[str]:
    lines: Counter[Path] = Counter()
    for module in source:
        lines[module.path.parent] += len(module.lines_of_code)
    return (f"{package}: {count} lines" for package, count in lines.items() if count > LONGEST_PACKAGE)


def too_long_modules(source: Iterable[Module]) -> Iterator[str]:
    for module in source:
        count = len(module.text.splitlines())
        if count > LONGEST_MODULE and not module.path.match(ONE_A_PUBLISHER):
            yield f"{module.path}: {count} lines"


def long_functions(source: Iterable[Module]) -> Iterator[tuple[str, str]]:
    for module in source:
        for name, function in module.functions:
            within = range(function.lineno, (function.end_lineno or function.lineno) + 1)
            if sum(line in within for line in module.lines_of_code) > LONGEST_FUNCTION:
                yield name, f"{module.path}: {name}"


def too_long_functions(source: Iterable[Module]) -> Iterator[str]:
    return (where for name, where in long_functions(source) if name not in LONG_FOR_A_REASON)


def outside_a_package(source: Iterable[Module]) -> Iterator[str]:
    for module in source:
        if module.service and len(module.path.parts) == 3 and module.path.stem not in OUTSIDE_A_PACKAGE:
            yield str(module.path)


def classes_of_one_name(source: Iterable[Module]) -> Iterator[str]:
    where = defaultdict(list)
    for module in source:
        for one in module.public_classes:
            where[module.service, one.name].append(str(module.path))
    return (f"{name}: {', '.join(paths)}" for (_, name), paths in where.items() if len(paths) > 1)


def banned_names(source: Iterable[Module]) -> Iterator[str]:
    for module in source:
        names = [part.removesuffix(".py") for part in module.path.parts]
        names += [node.name for node in (*module.public_classes, *module.public_functions)]
        for name in names:
            if BANNED.intersection(words(name)) and not name.endswith(tuple(EXCEPT)):
                yield f"{module.path}: {name}"


def participles(source: Iterable[Module]) -> Iterator[str]:
    for module in source:
        for name in (module.path.parent.name, module.path.stem):
            if name.endswith(PARTICIPLES) and not {name, name.rpartition("_")[2]} & WORDS_OF_THE_FIELD:
                yield f"{module.path}: {name}"


_LONG_FUNCTION = "def f() -> None:\n" + "    print()\n" * LONGEST_FUNCTION

_ALL = ("services", "libs", "deploy", "console")

RULES = [
    (too_long_packages, ("services",), "services/registry/a/b.py", "x = 1\n" * (LONGEST_PACKAGE + 1)),
    (
        too_long_modules,
        _ALL,
        "services/registry/a/b.py",
        "# why\n" * (LONGEST_MODULE + 1),
    ),
    (too_long_functions, _ALL, "services/registry/a/b.py", _LONG_FUNCTION),
    (outside_a_package, ("services",), "services/registry/mergers.py", ""),
    (classes_of_one_name, ("services",), "services/registry/a/b.py", "class A: ...\nclass A: ..."),
    (banned_names, _ALL, "services/registry/a/b.py", "class SchemeSort: ..."),
    (
        banned_names,
        _ALL,
        "services/registry/a/b.py",
        "async def get_details() -> None: ...",
    ),
    (banned_names, _ALL, "services/registry/facts/b.py", ""),
    (participles, _ALL, "services/registry/a/merged.py", ""),
    (participles, _ALL, "services/registry/restating/b.py", ""),
]


@pytest.mark.parametrize(
    ("rule", "folders", "path", "text"), RULES, ids=[f"{rule.__name__}-{path}" for rule, _, path, _ in RULES]
)
def test_the_source_keeps_the_rule(rule: object, folders: tuple[str, ...], path: str, text: str) -> None:
    assert callable(rule)
    assert list(rule([Module(Path(path), text)])), "the rule does not see its planted case"
    assert list(rule(modules(*folders))) == []


def test_blank_lines_comments_and_docstrings_are_no_lines_of_code() -> None:
    documented = '"""What it is for."""\n\n# why\nX = 1\n"""What X is."""\n'
    function = 'def f() -> None:\n    """Do it.\n\n    Or not.\n    """\n    print()\n'
    assert Module(Path("a.py"), documented + function).lines_of_code == [4, 6, 11]


def test_every_exception_is_still_needed() -> None:
    source = modules(*_ALL)
    names = {node.name for module in source for node in (*module.public_classes, *module.public_functions)}
    assert set(LONG_FOR_A_REASON) == {name for name, _ in long_functions(source)}
    assert {ending for ending in EXCEPT if not any(name.endswith(ending) for name in names)} == set()
    stems = {name for module in source for name in (module.path.stem, module.path.parent.name)}
    # `sourcing` is a package that contracts will have.
    assert WORDS_OF_THE_FIELD - stems <= {"believed", "sourcing"}
