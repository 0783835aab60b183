"""What schemathesis does with a service's document before it goes through it."""

import json
import os
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import schemathesis
from schemathesis.generation.meta import CoveragePhaseData, CoverageScenario
from schemathesis.generation.modes import GenerationMode

_OF_EVERY_COMMAND = frozenset({"Idempotency-Key", "If-Match", "Stated-At", "dry_run"})
_OF_EVERY_READ = frozenset({"If-None-Match"})

EXAMPLES = "FUZZ_EXAMPLES"
"""The environment variable with which a longer run is asked for: how many random requests an operation gets."""

_WRONG_TYPES = 1
"""How many values of wrong types a part gets; that no field takes another type is tested in test_strictness."""

_NEXT_TO_A_BOUND = "Near-boundary"
"""How schemathesis begins to describe a value beside a bound, which tells no more than the bound itself."""

_sent: dict[Hashable, list[str]] = defaultdict(list)
"""The operations in which each part of a request was spoilt, by what spoils it; and where each odd value was sent."""


def varying(document: dict[str, Any]) -> tuple[str, str]:
    """The method and path of the one operation whose key, version, instant and trial are varied."""
    commands = [
        (sum(one["name"] in _OF_EVERY_COMMAND for one in operation.get("parameters", [])), method, path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    _, method, path = max(commands, key=lambda command: command[0])
    return method, path


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:  # noqa: ARG001
    """Leave what the edge reads of every command to one of them: else it would be what two of three requests are about.

    Besides, most would be refused for a version that nobody gave. What it reads of every read is tested on its own.
    """
    kept = varying(raw_schema)
    for path, operations in raw_schema["paths"].items():
        for method, operation in operations.items():
            if (method, path) != kept and "parameters" in operation:
                left_out = _OF_EVERY_COMMAND | _OF_EVERY_READ
                operation["parameters"] = [one for one in operation["parameters"] if one["name"] not in left_out]


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:  # noqa: ARG001
    """Send what several operations take alike in the first of them alone: one class or parameter decides for all.

    That is of what the schema suggests; the random requests, and a longer run, send everything anywhere.
    """
    if case.meta is None or EXAMPLES in os.environ:
        return True
    suggested = case.meta.phase.data
    if not isinstance(suggested, CoveragePhaseData):
        return True
    if case.meta.generation.mode is GenerationMode.NEGATIVE:
        return _spoils_anew(case, suggested)
    return not suggested.description.rpartition(": ")[2].startswith(_NEXT_TO_A_BOUND) and _shows_anew(case, suggested)


def _shows_anew(case: schemathesis.Case[Any], suggested: CoveragePhaseData) -> bool:
    """Whether no other operation was sent this good value of a field of this name."""
    sent, name = _sent[suggested.parameter_location, suggested.description], case.operation.label
    sent.append(name)
    return sent[0] == name or " value: " not in suggested.description


def _spoils_anew(case: schemathesis.Case[Any], spoilt: CoveragePhaseData) -> bool:
    """Whether this part of a request was spoilt in this way in no other operation."""
    operation = case.operation.schema.raw_schema["paths"][case.operation.path][case.operation.method]
    part = _part(case.operation.schema.raw_schema, operation, spoilt)
    if part is None:
        return True
    # The description begins with the way from the body's root, which differs where a class stands within others.
    sent, name = _sent[part, spoilt.scenario, spoilt.description.rpartition(": ")[2]], case.operation.label
    sent.append(name)
    most = _WRONG_TYPES if spoilt.scenario is CoverageScenario.INCORRECT_TYPE else len(sent)
    return sent[0] == name and len(sent) <= most


def _part(document: Mapping[str, Any], operation: Mapping[str, Any], spoilt: CoveragePhaseData) -> Hashable:
    """What is spoilt: a parameter by its schema, or a field by its class and the way to it; None where neither is."""
    if spoilt.parameter == "Content-Type":
        return spoilt.parameter
    if spoilt.scenario is CoverageScenario.OBJECT_UNEXPECTED_PROPERTIES and spoilt.location is None:
        return spoilt.parameter_location  # that each operation refuses it is tested in test_unknown_parameters
    for one in operation.get("parameters", ()):
        if one["name"] == spoilt.parameter:
            return one["in"], one["name"], json.dumps(one["schema"], sort_keys=True), spoilt.location
    if spoilt.parameter == "application/json" and spoilt.location:
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        return _field(document["components"]["schemas"], body, spoilt.location.split("/")[1:])
    return None


def _field(classes: Mapping[str, Any], schema: Any, pointer: Sequence[str]) -> tuple[str, ...]:
    """Follow a pointer through references; return the last class and the way from there."""
    way: list[str] = []
    for step in pointer:
        while isinstance(schema, dict) and "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema, way = classes[name], [name]
        way.append(step)
        if isinstance(schema, dict) and step in schema:
            schema = schema[step]
        elif isinstance(schema, list):
            schema = schema[int(step)]
        # Else the program has put it in itself: `allOf/0` around a choice by a discriminator, or a keyword at the end.
    return tuple(way)
