"""Nobody posts to finance what another service owns: its commands name that, and never state it again."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from libs.common.events import Event
from libs.common.events import contracts as of_contracts
from libs.common.events import governance as of_governance
from libs.common.events import registry as of_registry

ROOT = Path(__file__).parents[2]
OTHERS = (of_registry, of_contracts, of_governance)

NAMED = {
    *("organisation", "organisations", "members", "payer", "payee", "supplier", "contract", "termination", "function"),
    *("decision", "initiative"),
}
"""By these a command names what another service tells of: it is looked up, and refused where it is not known."""

FINANCES_OWN = {
    "amount_pence": "of a line, a move, a draw, a posting, a saving, an assumption of a case",
    "amounts_pence": "of a line of a case, by year",
    "annual_pence": "of a budget line in a whole year",
    "basis": "of a saving: gross or net; of a baseline: how its people were counted",
    "case": "a case of finance",
    "case_version": "a version of such a case",
    "dual_running_months": "of an assessment, where the contract states none",
    "effective_on": "the day of what the command states",
    "footprint": "of a weight of a key: one in which a body is not divides nothing",
    "indexation": "of a line of a case: how it rises",
    "kind": "of a cost, an option, an item of a portfolio",
    "name": "of a limit or a group of a portfolio",
    "option": "of a case",
    "owner": "of a risk, and the post that a saving is assigned to",
    "price_per_head_pence": "the price above which a body would leave, which it alone knows",
    "price_year": "in whose prices a figure of a case is",
    "reason": "why an operator discards what is parked",
    "recurrent": "of a budget line, a saving, a fund's line",
    "reference": "of a fund, a portfolio, a posting",
    "schemes": "of capital, which ask for a fund's money",
    "series": "which of finance's own two is closed",
    "share": "of a category of optimism bias in a mix",
    "source": "of a population that is stated below the registry's word; of a parked event",
    "stage": "of a case",
    "title": "of a fund, a case, an option",
    "until": "of a mapping of a local code",
    "value": "of a discrete distribution in a simulation",
    "value_pence": "of an opening in a portfolio",
}
"""Fields that bear the name of another's and mean something of finance's own."""

WORDS = re.compile(
    r"people|population|heads|notice|exit_on|last_day|term_ends|unitary|stranded|breakage|redundanc|payment_share|due_on"
    r"|charge|outcome|consents|tier|successor|predecessor|owner_sector|boundar"
)
"""What other services own, by whatever name."""
ALLOWED_WORDS = {
    "population": "the route that was there before the registry published counts; it ranks below them",
    "baseline_people": "of what a body spent before, in a year and on boundaries that the registry may not count",
}


def fields_of_commands(document: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return each field that a request body may have, however deep, with the operations that take it."""
    found: dict[str, set[str]] = defaultdict(set)
    for operations in document["paths"].values():
        for method, operation in operations.items():
            if method in {"post", "put", "patch", "delete"}:
                for content in operation.get("requestBody", {}).get("content", {}).values():
                    for name in _names(content["schema"], document["components"]["schemas"], frozenset()):
                        found[name].add(operation["operationId"])
    return found


def _names(schema: Any, schemas: Mapping[str, Any], above: frozenset[str]) -> Iterator[str]:
    if isinstance(schema, list):
        for one in schema:
            yield from _names(one, schemas, above)
    elif isinstance(schema, dict):
        if (called := schema.get("$ref", "").rpartition("/")[2]) and called not in above:
            yield from _names(schemas[called], schemas, above | {called})
        yield from schema.get("properties", {})
        inner = ("items", "additionalProperties", "anyOf", "oneOf", "allOf")
        for one in (*schema.get("properties", {}).values(), *(schema[key] for key in inner if key in schema)):
            yield from _names(one, schemas, above)


def told_by_others() -> set[str]:
    """Return the fields of all events of the other services."""
    classes = [
        kind
        for module in OTHERS
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind.__module__ == module.__name__
    ]
    return {name for kind in classes for name in kind.model_fields}


def owned(fields: Collection[str]) -> list[str]:
    """Return those fields that state what another service owns."""
    theirs = told_by_others() - NAMED - FINANCES_OWN.keys()
    return sorted(name for name in fields if name in theirs or (WORDS.search(name) and name not in ALLOWED_WORDS))


def test_no_command_of_finance_states_what_another_service_owns() -> None:
    found = fields_of_commands(json.loads((ROOT / "docs/openapi/finance.json").read_text()))
    assert len(found) > 100
    assert {name: sorted(found[name]) for name in owned(found)} == {}
    # What is allowed is there: an entry that nothing needs any longer would let something in.
    assert NAMED | FINANCES_OWN.keys() | ALLOWED_WORDS.keys() <= found.keys()


def test_a_field_of_anothers_is_found_however_deep_it_lies() -> None:
    planted = {
        "paths": {
            "/x": {
                "post": {
                    "operationId": "plant",
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}},
                }
            }
        },
        "components": {
            "schemas": {
                "A": {"properties": {"lines": {"items": {"anyOf": [{"$ref": "#/components/schemas/B"}]}}}},
                "B": {"properties": {"payment_share": {}, "notice_days": {}, "amount_pence": {}, "contract": {}}},
            }
        },
    }
    assert owned(fields_of_commands(planted)) == ["notice_days", "payment_share"]
