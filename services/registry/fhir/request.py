"""Parses the parameters of a FHIR request, and names every unknown or malformed one at once."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from libs.common.errors import DomainError
from services.registry.fhir import codes
from services.registry.fhir.dates import DateRange, UnreadableDate, read_range
from services.registry.fhir.model import NOW, FhirTimes
from services.registry.fhir.search_parameters import FILTERS, FORMAT, INCLUDES, MOST, PAGE, QUESTION, USUAL, Parameter

Pair: TypeAlias = tuple[str, str]
Issue: TypeAlias = tuple[str, str, str | None]
"""A code of http://hl7.org/fhir/issue-type, a sentence, and the parameter that it is about."""

_ESCAPED = re.compile(r"\\([,|$\\])")
_UNESCAPED_COMMA = re.compile(r"(?<!\\),")
_REFERENCE = re.compile(r"(?:(?:https?://[^\s|]+/)?Organization/)?([A-Z0-9]{1,12})")
_JSON = frozenset({"json", "application/json", "application/fhir+json", "text/json"})
_NUL = "\x00"


class NotUnderstood(DomainError):
    """The FHIR request asks for something that is not supported.

    The OperationOutcome names each parameter that is wrong. The capability statement lists what can be asked.
    """

    def __init__(self, issues: Sequence[Issue]) -> None:
        super().__init__("; ".join(text for _, text, _ in issues))
        self.issues = tuple(issues)


@dataclass(frozen=True, slots=True)
class Token:
    """`system|code`; a system of None where none was given, a code of None where any will do."""

    system: str | None
    code: str | None


Value: TypeAlias = str | bool | Token | DateRange


@dataclass(frozen=True, slots=True)
class Clause:
    """One parameter of a search: any of its values will do. All clauses of a search hold together."""

    name: str
    values: tuple[Value, ...]
    modifier: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """A search: its clauses, its day and instant, and its page."""

    clauses: tuple[Clause, ...] = ()
    question: FhirTimes = NOW
    count: int = USUAL
    after: str | None = None
    total: bool = False
    only_count: bool = False
    includes: frozenset[str] = frozenset()


@dataclass
class _Read:
    """The parameters read so far, and the issues found."""

    clauses: list[Clause] = field(default_factory=list)
    controls: dict[str, list[str]] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)


def read_search(resource: str, pairs: Iterable[Pair]) -> Search:
    """Parse a search. Raises NotUnderstood with every parameter that is unknown or malformed."""
    filters = {parameter.name: parameter for parameter in FILTERS[resource]}
    controls = {parameter.name for parameter in (*PAGE, *QUESTION)}
    read = _Read()
    for name, text in pairs:
        bare, _, modifier = name.partition(":")
        if name in controls:
            read.controls.setdefault(name, []).append(text)
        elif bare in filters:
            _read_clause(read, filters[bare], modifier, text)
        else:
            read.issues.append(("not-supported", f"{name} is no search parameter of {resource}", name))
    search = _search(resource, read)
    _refuse(read)
    return search


def read_question(pairs: Iterable[Pair]) -> FhirTimes:
    """Parse the day and the instant of a read. Raises NotUnderstood."""
    known = {parameter.name for parameter in (*QUESTION, FORMAT)}
    read = _Read()
    for name, text in pairs:
        if name in known:
            read.controls.setdefault(name, []).append(text)
        else:
            read.issues.append(("not-supported", f"{name} is no parameter of a read", name))
    question = _question(read)
    _format(read)
    _refuse(read)
    return question


def read_format(pairs: Iterable[Pair]) -> None:
    """Parse the parameters of the capability statement, of which `_format` is the only one. Raises NotUnderstood."""
    read = _Read()
    for name, text in pairs:
        if name == FORMAT.name:
            read.controls.setdefault(name, []).append(text)
        else:
            read.issues.append(("not-supported", f"{name} is no parameter of the capability statement", name))
    _format(read)
    _refuse(read)


def _refuse(read: _Read) -> None:
    if read.issues:
        raise NotUnderstood(read.issues)


def _read_clause(read: _Read, parameter: Parameter, modifier: str, text: str) -> None:
    allowed = (*parameter.modifiers, *(("identifier",) if parameter.type == "reference" else ()))
    if modifier and modifier not in allowed:
        read.issues.append(("not-supported", f"{parameter.name} does not take :{modifier}", parameter.name))
        return
    parts = [part for part in _UNESCAPED_COMMA.split(text) if part.strip()]
    if not parts or _NUL in text:
        read.issues.append(("invalid", f"{parameter.name} has none of its possible values", parameter.name))
        return
    try:
        values = tuple(_READERS[parameter.type](part) for part in parts)
        if parameter.name == "active":
            values = tuple(_flag(value) for value in values)
    except ValueError as error:
        read.issues.append(("invalid", f"{parameter.name}: {error}", parameter.name))
        return
    read.clauses.append(Clause(parameter.name, values, "" if modifier == "identifier" else modifier))


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _token(text: str) -> Token:
    system, bar, code = text.partition("|")
    if not bar:
        return Token(None, _plain(system))
    if not system and not code:
        raise ValueError("a token is written as system|code")
    return Token(_plain(system), _plain(code) or None)


def _reference(text: str) -> str:
    system, bar, code = text.rpartition("|")
    found = _REFERENCE.fullmatch(code)
    if found is None or (bar and system != codes.ODS_CODE):
        raise ValueError(f"{text}: a body is named as Organization/13T")
    return found[1]


def _flag(value: Value) -> bool:
    assert isinstance(value, Token)
    if value.code not in {"true", "false"}:
        raise ValueError(f"{value.code}: send true or false")
    return value.code == "true"


_READERS: Mapping[str, Callable[[str], Value]] = {
    "string": _plain,
    "token": _token,
    "date": read_range,
    "reference": _reference,
}


def _search(resource: str, read: _Read) -> Search:
    count = _count(read)
    total = _one(read, "_total", "none")
    if total not in {"none", "accurate", "estimate"}:
        read.issues.append(("not-supported", f"_total: {total}: send accurate or none", "_total"))
    summary = _one(read, "_summary", "false")
    if summary not in {"false", "count"}:
        read.issues.append(("not-supported", f"_summary: {summary}: send count or false", "_summary"))
    includes = {name for text in read.controls.get("_include", ()) for name in text.split(",")}
    for name in sorted(includes - set(INCLUDES[resource])):
        read.issues.append(
            ("not-supported", f"_include: {name} is not among {', '.join(INCLUDES[resource])}", "_include")
        )
    _format(read)
    return Search(
        clauses=tuple(read.clauses),
        question=_question(read),
        count=min(count, MOST),
        after=_one(read, "_after", None),
        total=total != "none",
        only_count=summary == "count" or count == 0,
        includes=frozenset(includes),
    )


def _count(read: _Read) -> int:
    text = _one(read, "_count", str(USUAL)) or ""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        read.issues.append(("invalid", f"_count: {text}: send a number", "_count"))
        return USUAL
    return int(text)


def _format(read: _Read) -> None:
    # A plus sign in an address that is not quoted arrives as a space.
    for text in read.controls.get("_format", ()):
        if text.partition(";")[0].strip().replace(" ", "+") not in _JSON:
            read.issues.append(("not-supported", f"_format: {text}: there is json alone", "_format"))


def _question(read: _Read) -> FhirTimes:
    as_at, as_known = _point(read, "as-at"), _point(read, "as-known")
    return FhirTimes(
        None if as_at is None else as_at.first,
        None if as_known is None else _known_at(as_known),
    )


def _known_at(span: DateRange) -> datetime:
    """Return the instant as known at which to read; for a day, its end."""
    whole_day = span.ends_at - span.starts_at > timedelta(minutes=1)
    return span.ends_at - timedelta(microseconds=1) if whole_day else span.starts_at


def _point(read: _Read, name: str) -> DateRange | None:
    text = _one(read, name, None)
    if text is None:
        return None
    try:
        span = read_range(text)
        if text[:2].isalpha() or span.end - span.first != timedelta(days=1):
            raise UnreadableDate(f"{text}: send one day, as 2015-04-01")
    except UnreadableDate as error:
        read.issues.append(("invalid", f"{name}: {error}", name))
        return None
    return span


def _one(read: _Read, name: str, default: str | None) -> str | None:
    given = read.controls.get(name)
    if given is None:
        return default
    if len(given) > 1 or not given[0] or _NUL in given[0]:
        read.issues.append(("invalid", f"{name}: send one value", name))
    return given[0]
