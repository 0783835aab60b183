"""House rules that no linter knows, each checked on the code's own syntax tree and seen to fail on a planted line."""

import ast
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from io import StringIO
from pathlib import Path

import pytest

from tests.architecture.source import modules

PRIVATE_PHRASES = re.compile(
    r"(?<!['\"`])\b[Nn]obody\b|\b[Nn]obody\b(?!['\"`])|\b[Ss]omebody\b|\bhearers?\b|\bhears?\b|\bheard of\b"
    r"|\bwhose word\b|\b(?:is|are|was|were) (?:had|told)\b"
    r"|\btold of\b|\bmade true\b|\bany more\b|\bno more[.,;:]|\bgo(?:es)? on\b|\bbears\b"
)
"""Phrases of the first build that have a plain word: no organisation, source, subscriber, publish, no longer."""

PUBLIC_TYPE = "not named any more"
"""A type of finding in the previews of imports: clients filter by it, so it stays."""


FLOATING = {Path("services/finance/portfolios/optimiser"), Path("services/finance/simulations/monte_carlo")}
"""Processes of runs, which compute with floating-point numbers and round once."""
"""A solver computes in doubles: what it gives counts once code without any has checked it."""


def calls(tree: ast.AST, *names: str) -> list[int]:
    """Return the lines that call one of these dotted names (matched at the end)."""
    last = {name.rpartition(".")[2] for name in names}
    return [
        node.lineno
        for node in every_node(tree)
        if isinstance(node, ast.Call)
        and last_name(node.func) in last  # tells most calls apart, in a hundredth of the time
        and any(f".{ast.unparse(node.func)}".endswith(f".{name}") for name in names)
    ]


def last_name(called: ast.expr) -> str | None:
    """Return `commit` of `session.commit`; None of what has no name."""
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else None


@cache
def every_node(tree: ast.AST) -> list[ast.AST]:
    """Return all nodes of a tree, which each rule goes through."""
    return list(ast.walk(tree))


def commits(tree: ast.AST) -> list[int]:
    return calls(tree, "session.commit", "session.rollback", "session.begin")


def reads_the_real_clock(tree: ast.AST) -> list[int]:
    return calls(tree, "date.today", "datetime.now", "datetime.utcnow", "time.time")


def uses_float(tree: ast.AST) -> list[int]:
    literal = [n.lineno for n in every_node(tree) if isinstance(n, ast.Constant) and isinstance(n.value, float)]
    return literal + calls(tree, "float")


def raises_http(tree: ast.AST) -> list[int]:
    return calls(tree, "HTTPException")


RULES = [
    (commits, "session.commit()", "nothing below the edge commits"),
    (reads_the_real_clock, "date.today()", "days and instants are passed in"),
    (uses_float, "rate = 0.035", "money and rates are never float"),
    (raises_http, "raise HTTPException(404)", "a refusal is a DomainError"),
]


@pytest.mark.parametrize(("rule", "planted", "why"), RULES)
def test_services_keep_the_rule(rule: object, planted: str, why: str) -> None:
    assert callable(rule)
    assert rule(ast.parse(planted)), f"the check does not see: {planted}"
    found = [
        f"{module.path}:{line}"
        for module in modules("services")
        if rule is not uses_float or FLOATING.isdisjoint(module.path.parents)
        for line in rule(module.tree)
    ]
    assert not found, f"{why}: {found}"


def test_every_module_says_what_it_is_for() -> None:
    source = modules("services", "libs", "deploy", "console", "tests")
    assert [str(module.path) for module in source if module.tree.body and not ast.get_docstring(module.tree)] == []


def private_phrases(text: str) -> Iterator[str]:
    """Yield the private phrases in a module's strings and comments, with their lines."""
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type in {tokenize.STRING, tokenize.COMMENT}:
            for phrase in PRIVATE_PHRASES.findall(" ".join(token.string.split())):
                yield f"{token.start[0]}: {phrase}"


def test_docstrings_comments_and_messages_use_plain_words() -> None:
    planted = [
        '"""Have whoever hears of it go on: its hearers are told of what was made true."""',
        'raise Refused(f"nobody of {code} exists any more")  # whose word is had, and is had no more.',
        '"""Nobody but somebody else."""',
    ]
    assert list(private_phrases("\n".join(planted))) == [
        *("1: hears", "1: go on", "1: hearers", "1: are told", "1: made true"),
        *("2: nobody", "2: any more", "2: whose word", "2: is had", "2: is had", "2: no more."),
        *("3: Nobody", "3: somebody"),
    ]
    found = [
        f"{module.path}:{phrase}"
        for module in modules("services", "libs", "deploy", "console")
        for phrase in private_phrases(module.text.replace(PUBLIC_TYPE, ""))
    ]
    assert found == []


def test_a_service_publishes_only_what_is_its_own_to_tell() -> None:
    from libs.common.events import CATALOGUE, contracts, finance, governance, registry

    topics = {name: kind.topic for (name, _), kind in CATALOGUE.items()}
    assert {module.__name__ for module in (registry, contracts, finance, governance)}
    for module in modules("services"):
        published = {
            ast.unparse(call.func)
            for outer in every_node(module.tree)
            if isinstance(outer, ast.Call) and last_name(outer.func) in {"add", "add_all"}
            if ast.unparse(outer.func) in {"outbox.add", "outbox.add_all"}
            for argument in outer.args[1:]
            for call in ast.walk(argument)
            if isinstance(call, ast.Call)
        }
        foreign = {name for name in published if topics.get(name, module.service) != module.service}
        assert not foreign, f"{module.path} publishes {foreign}"
