"""Converts events to Kafka records and back: the log's own bytes, with position and keys as metadata."""

import json
from collections.abc import Iterable, Sequence

from libs.common.messaging.bus import Message
from libs.common.messaging.event_log import Entry

CONTENT_TYPE = ("content-type", b"application/cloudevents+json")
_POSITION = "position"

Headers = Sequence[tuple[str, bytes]]


def key_of(entry: Entry) -> bytes:
    """Return the record's key: the event's ordering keys, as JSON."""
    return json.dumps(entry.keys, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(entry: Entry) -> Headers:
    """Return the record's headers. The position lets a consumer park an event whose body cannot be read."""
    return [CONTENT_TYPE, (_POSITION, b"%d" % entry.position)]


def message_of(offset: int, key: bytes | None, body: bytes | None, headers: Headers) -> Message:
    """Return the message at this offset; position and keys are None if the record lacks them or they are malformed."""
    return Message(offset=offset, position=_position(headers), keys=_keys(key), body=body or b"")


def _position(headers: Iterable[tuple[str, bytes]]) -> int | None:
    for name, value in headers:
        if name == _POSITION and value and value.isdigit():
            return int(value)
    return None


def _keys(key: bytes | None) -> tuple[str, ...] | None:
    try:
        keys = json.loads(key or b"")
    except ValueError:
        return None
    if not isinstance(keys, list) or not all(isinstance(each, str) for each in keys):
        return None
    return tuple(keys)
