"""Governance permits an act in one place: by `can`, whose answer is recorded. No second check stands beside it."""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.architecture.source import Module, modules

CHAINS = "services/governance/core/chains.py"
GRANTED = "services/governance/decision_rights/commands.py"
PERMITS = "services/governance/decision_rights/permits.py"
TAKEN = "services/governance/decisions/commands.py"
ASKED = "services/governance/decision_rights/queries.py"
LIMITS = frozenset({"limit_pence", "value_limit_pence", "limit_basis"})
ANSWERS = frozenset({"best_chain", "chain_of_grant", "faults_of"})
PERMITTED = {"take_decision": "record_permit", "grant_decision_right": "record_permit", "approve_minutes": "permit"}


def named(node: ast.AST) -> str:
    """The last part of a name: of `chains.best_chain` it is `best_chain`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def second_checks(found: Iterable[Module]) -> Iterator[str]:
    """Comparisons with a right's limit, and answers from chains, outside `can` itself."""
    for module in found:
        if str(module.path) in {CHAINS, ASKED}:
            continue
        for node in module.nodes:
            measured = isinstance(node, ast.Compare) and not isinstance(node.ops[0], ast.Is | ast.IsNot)
            compared = {named(part) for part in ast.walk(node)} if measured else set[str]()
            called = {named(node.func)} if isinstance(node, ast.Call) else set[str]()
            for name in sorted(compared & LIMITS | called & ANSWERS):
                yield f"{module.path}:{getattr(node, 'lineno', 0)}: {name}"


def records_made_elsewhere(found: Iterable[Module]) -> Iterator[str]:
    """Decisions and permits that are made where nothing was asked."""
    places = {"Decision": TAKEN, "Permit": PERMITS, "DecisionTaken": TAKEN, "DecisionRight": GRANTED}
    for module in found:
        for node in module.nodes:
            if isinstance(node, ast.Call) and places.get(named(node.func), str(module.path)) != str(module.path):
                yield f"{module.path}:{node.lineno}: {named(node.func)}"


def functions_without_a_permit(found: Iterable[Module]) -> Iterator[str]:
    """Functions that take a decision, grant a right or approve minutes, and ask for no permit of it."""
    for module in found:
        for node in module.nodes:
            if isinstance(node, ast.AsyncFunctionDef) and node.name in PERMITTED:
                called = {named(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}
                if not called & {PERMITTED[node.name], node.name}:  # a route calls the command of its name
                    yield f"{module.path}: {node.name}"


Rule = Callable[[Iterable[Module]], Iterator[str]]
PLANTED: dict[Rule, str] = {
    second_checks: "services/governance/meetings/a.py\nif value > right.value_limit_pence: refuse()",
    records_made_elsewhere: "services/governance/meetings/a.py\nsession.add(Decision(outcome='approved'))",
    functions_without_a_permit: "services/governance/a.py\nasync def take_decision(session): return session",
}


@pytest.mark.parametrize("rule", list(PLANTED))
def test_what_governance_does_is_permitted_by_can_alone(rule: Rule) -> None:
    path, _, text = PLANTED[rule].partition("\n")
    assert list(rule([Module(Path(path), text)])), "the rule does not see its planted case"
    assert list(rule(modules("services/governance"))) == []
