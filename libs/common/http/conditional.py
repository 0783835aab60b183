"""Conditional requests (RFC 9110): tags of what is read, 304 for who has it, and the versions that If-Match names.

A read's tag is `"VERSION.HASH"`, or `"HASH"` of what has no version. The hash is of the whole body, because an answer
depends on more than a version: on today, on what was known, on what the caller may see. A command compares the version.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

from libs.common.http.accept import accepts_coding
from libs.common.http.problems import Unreadable

MOST_HELD_BYTES = 64 * 1024
"""How much of a body that comes in pieces is collected; what is longer is sent on without a tag."""
FORM = r'^(\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$'
"""How If-Match and If-None-Match are written."""

_HASH_BYTES = 12
_ELEMENT = re.compile(r'[ \t]*(?:(?:W/)?"([^"]*)"[ \t]*)?(?:,|$)')
_VERSION = re.compile(rf"([0-9]{{1,18}})(?:\.[0-9a-f]{{{2 * _HASH_BYTES}}})?")


class UnreadableVersion(Unreadable):
    """If-Match is not a version that a read returned.

    Send the ETag exactly as the read returned it, in quotation marks; several of them with commas, or `*`.
    """


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that a caller accepts: those that it names, or with `*` (None) whatever there is."""

    named: frozenset[int] | None

    def __contains__(self, version: int) -> bool:
        """Whether a record of this version may be changed; 0 is one that does not exist yet."""
        return version > 0 if self.named is None else version in self.named

    def __str__(self) -> str:
        """Return the versions as a sentence has them."""
        if self.named is None:
            return "any version"
        return " or ".join(map(str, sorted(self.named))) or "none of this record"


def versions(if_match: str) -> Versions:
    """Return the versions named in If-Match; other well-formed tags match nothing. Raises UnreadableVersion.

    A weak tag counts like the strong one: a proxy that compresses makes it so, and the version in it is the same.
    """
    opaque = _opaque(if_match)
    if opaque is None:
        raise UnreadableVersion(f'If-Match: {if_match}: send the ETag as the read returned it, such as "3"')
    if opaque == ["*"] and '"' not in if_match:
        return Versions(None)
    return Versions(frozenset(int(found[1]) for each in opaque if (found := _VERSION.fullmatch(each))))


def _opaque(header: str) -> list[str] | None:
    """Return the tags of a list without their quotation marks, weak or not; None if it is no list of tags."""
    if header.strip() == "*":
        return ["*"]
    tags, at = [], 0
    while at < len(header):
        element = _ELEMENT.match(header, at)
        if element is None:
            return None
        tags += [element[1]] if element[1] is not None else []
        at = element.end()
    return tags or None


def varies_by(headers: MutableHeaders, name: str) -> None:
    """Add a request header to those by which an answer varies, once."""
    named = [one.strip() for one in headers.get("vary", "").split(",") if one.strip()]
    headers["Vary"] = ", ".join(dict.fromkeys([*named, name]))


def weakened(headers: MutableHeaders) -> None:
    """Make the tag weak, because the bytes are not those that it was computed from."""
    tag = headers.get("etag")
    if tag is not None and not tag.startswith("W/"):
        headers["ETag"] = f"W/{tag}"


class Tagged:
    """Gives the answer to a GET a tag of its content, or answers 304 where If-None-Match has it.

    The answer is collected until its body is whole, or too long for that. `packed_from` is the size from which bodies
    are compressed further out: the tag in a 304 is weak then, as in the answer that it stands for. A tag that a route
    sets itself, other than a version, is left as it is.
    """

    __slots__ = ("_body", "_packed_from", "_scope", "_send", "_start")

    def __init__(self, scope: Scope, send: Send, packed_from: int | None = None) -> None:
        self._scope, self._send, self._packed_from = scope, send, packed_from
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        """Send one message on, or keep it."""
        if message["type"] == "http.response.start" and _may_be_tagged(message):
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        if message["type"] != "http.response.body":
            await self._give_up(self._start)
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            await self._finish(self._start)
        elif len(self._body) > MOST_HELD_BYTES:
            await self._give_up(self._start)

    async def _give_up(self, start: Message) -> None:
        del MutableHeaders(scope=start)["etag"]  # a version alone says too little of what was read
        self._start = None
        await self._send(start)
        await self._send({"type": "http.response.body", "body": self._body, "more_body": True})

    async def _finish(self, start: Message) -> None:
        version, content = _etag(start).strip(b'"').decode(), blake2b(self._body, digest_size=_HASH_BYTES).hexdigest()
        tag, body = f"{version}.{content}" if version else content, self._body
        headers = [pair for pair in start["headers"] if pair[0] != b"etag"]
        start = {**start, "headers": [*headers, (b"etag", f'"{tag}"'.encode())]}
        asked = [value.decode("latin-1") for name, value in self._scope["headers"] if name == b"if-none-match"]
        if asked and ("*" in asked or tag in (_opaque(", ".join(asked)) or ())):
            start, body = self._not_modified(start), b""
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})

    def _not_modified(self, start: Message) -> Message:
        headers, asked = MutableHeaders(raw=start["headers"]), Headers(scope=self._scope)
        is_long = self._packed_from is not None and len(self._body) >= self._packed_from
        if is_long and accepts_coding(",".join(asked.getlist("accept-encoding")), "gzip"):
            weakened(headers)
        for name in ("content-length", "content-type", "content-disposition"):
            del headers[name]
        return {**start, "status": 304, "headers": headers.raw}


def _etag(start: Message) -> bytes:
    return next((bytes(value) for name, value in start["headers"] if name == b"etag"), b"")


def _may_be_tagged(start: Message) -> bool:
    return bool(start["status"] == 200 and ((tag := _etag(start)) == b"" or tag.strip(b'"').isdigit()))
