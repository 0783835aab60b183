"""What schemathesis does with a service's document before it goes through it."""

from typing import Any

import schemathesis

_OF_EVERY_COMMAND = frozenset({"Idempotency-Key", "If-Match", "Stated-At", "dry_run"})
_OF_EVERY_READ = frozenset({"If-None-Match"})


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
