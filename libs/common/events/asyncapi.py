"""AsyncAPI 3 document, generated from the event classes: each service's topic, its events, and an example of each.

`python -m libs.common.events.asyncapi` writes docs/asyncapi.json; a test fails if that file and the classes differ.
"""

import json
import sys
from functools import cache
from inspect import cleandoc
from pathlib import Path
from typing import Any

from libs.common.events import CATALOGUE, TYPE_PREFIX, Event
from libs.common.events.schemas import PUBLISHERS, schema

CONTENT_TYPE = "application/cloudevents+json"
TOPIC_PREFIX = "footprint."
"""Prefix of a topic's name before the service's, unless an operator sets another."""
EXAMPLES = Path(__file__).with_name("examples.json")

_ABOUT = """Events that the four services of Footprint publish for each other and for partners. There are no commands.

Each service publishes on one topic with one partition, in the order of `position`, with unlimited retention. The value
of a record is a CloudEvent in JSON, the same bytes as in the service's event log and in its HTTP feed. Ignore unknown
fields, and skip an unknown name. An event that you handle, in a version that you cannot read yet, has to wait: keep it,
and what follows it under the same keys. A new optional field keeps the version; any other change is a new `.vN`.
"""

_SERVER = {
    "host": "kafka.example:9093",
    "protocol": "kafka-secure",
    "description": "A placeholder: ask the operator for the address and credentials.",
}
_TEXT: dict[str, Any] = {"type": "string"}
_RECORD: dict[str, Any] = {
    "headers": {
        "type": "object",
        "required": ["position"],
        "properties": {
            "content-type": {"const": CONTENT_TYPE},
            "position": {**_TEXT, "pattern": "^[0-9]+$", "description": "The event's position, as decimal digits."},
        },
    },
    "bindings": {"kafka": {"key": {**_TEXT, "description": "The event's keys, as a JSON array of strings."}}},
}
_ENVELOPE: dict[str, Any] = {
    "type": "object",
    "description": "CloudEvents 1.0 in structured JSON, with our extension attributes.",
    "required": ["specversion", "id", "source", "type", "time", "position", "epoch", "keys", "actor", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {**_TEXT, "description": "Unique; the same wherever the event appears again."},
        "source": {**_TEXT, "description": "The service that published it."},
        "type": {**_TEXT, "description": f"`{TYPE_PREFIX}`, the event's name, `.v` and its version."},
        "time": {**_TEXT, "format": "date-time", "description": "When the service recorded it."},
        "datacontenttype": {"const": "application/json"},
        "position": {
            "type": "integer",
            "minimum": 1,
            "description": "Its position in the service's log, without gaps.",
        },
        "epoch": {**_TEXT, "description": "The epoch of the log: it changes after a restore from a backup."},
        "keys": {**_TEXT, "description": "Every body, contract, post or person concerned, separated by commas."},
        "actor": {**_TEXT, "description": "Who caused it: a token's subject, or `service:` and a service's name."},
        "aggregateversion": {
            "type": "integer",
            "description": "The version of the changed aggregate after this event.",
        },
        "correlationid": {**_TEXT, "description": "The same for everything that followed from one request."},
        "causationid": {**_TEXT, "description": "The request or event that caused this one."},
        "causationsource": {
            **_TEXT,
            "description": "The `source` of the event that caused this one; absent where a request caused it.",
        },
        "traceparent": {**_TEXT, "description": "W3C trace context."},
        "data": {"type": "object"},
    },
}


def asyncapi() -> dict[str, Any]:
    """Return the document of the whole platform: one topic a service, and every version of every event."""
    published = {publisher.__name__ for publisher in PUBLISHERS}
    kinds = sorted((kind for kind in CATALOGUE.values() if kind.__module__ in published), key=_name)
    examples = json.loads(EXAMPLES.read_text("utf-8"))
    topics = {publisher.__name__.rpartition(".")[2]: cleandoc(publisher.__doc__ or "") for publisher in PUBLISHERS}
    return {
        "asyncapi": "3.0.0",
        "id": "urn:footprint:events",
        "info": {"title": "Footprint's events", "version": "1", "description": _ABOUT},
        "defaultContentType": CONTENT_TYPE,
        "servers": {"production": _SERVER},
        "channels": {topic: _channel(description, topic, kinds) for topic, description in topics.items()},
        "operations": {f"{topic}.tells": _operation(topic) for topic in topics},
        "components": {
            "messages": {_name(kind): _message(kind, examples[_name(kind)]) for kind in kinds},
            "schemas": {"CloudEvent": _ENVELOPE} | {_name(kind): _fields(kind) for kind in kinds},
        },
    }


@cache
def text() -> str:
    """Return the document as text, as committed and served."""
    return json.dumps(asyncapi(), indent=1, ensure_ascii=False) + "\n"


def _name(kind: type[Event]) -> str:
    return f"{kind.event_name}.v{kind.event_version}"


def _operation(topic: str) -> dict[str, Any]:
    return {"action": "send", "channel": {"$ref": f"#/channels/{topic}"}, "summary": f"Events published by {topic}"}


def _channel(description: str, topic: str, kinds: list[type[Event]]) -> dict[str, Any]:
    names = [_name(kind) for kind in kinds if kind.topic == topic]
    return {
        "address": f"{TOPIC_PREFIX}{topic}",
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {"topic": f"{TOPIC_PREFIX}{topic}", "partitions": 1, "topicConfiguration": {"retention.ms": -1}}
        },
    }


def _readers(kind: type[Event]) -> str:
    named = " or ".join(f"`{name}`" for name in kind.organisation_fields)
    return f" The HTTP feed returns it only to callers who act for a body that {named} names."


def _message(kind: type[Event], example: dict[str, Any]) -> dict[str, Any]:
    description = cleandoc(kind.__doc__ or "")
    name = _name(kind)
    parties = _readers(kind) if kind.parties_only else ""
    own = {
        "type": {"const": f"{TYPE_PREFIX}{name}"},
        "source": {"const": f"/{kind.topic}"},
        "data": {"$ref": f"#/components/schemas/{name}"},
    }
    return {
        "name": f"{TYPE_PREFIX}{name}",
        "title": kind.event_name,
        "summary": description.partition("\n")[0],
        "description": f"{description}\n\nIts keys: {', '.join(f'`{field}`' for field in kind.key_fields)}.{parties}",
        "contentType": CONTENT_TYPE,
        **_RECORD,
        # Generators name their models by the titles.
        "payload": {
            "title": f"{kind.event_name}Event",
            "allOf": [{"$ref": "#/components/schemas/CloudEvent"}, {"type": "object", "properties": own}],
        },
        "examples": [{"name": name, "summary": example["summary"], "payload": example["event"]}],
        "x-keys": list(kind.key_fields),
        "x-parties-only": kind.parties_only,
    }


def _fields(kind: type[Event]) -> dict[str, Any]:
    whole = schema(kind)
    return {name: value for name, value in whole.items() if name != "$schema" and not name.startswith("x-")}


if __name__ == "__main__":
    file = Path(__file__).parents[3] / "docs" / "asyncapi.json"
    file.write_text(text(), "utf-8")
    sys.stdout.write(f"{file}\n")
