"""Parses the parameters of a FHIR request, and names every unknown or malformed one at once."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from libs.common.errors import DomainError
from services.registry.fhir import codes
from services.registry.fhir.dates import DateRange, UnreadableDate, read_range
from services.registry.fhir.model import NOW, WHOLE, FhirTimes, Shape
from services.registry.fhir.search_parameters import (
    FILTERS,
    FORMAT,
    IN_SUMMARY,
    INCLUDES,
    MOST,
    OF_ANY,
    PAGE,
    QUESTION,
    READ,
    SHOWN,
    SORTS,
    USUAL,
    Parameter,
)

Pair: TypeAlias = tuple[str, str]
Issue: TypeAlias = tuple[str, str, str | None]
"""A code of http://hl7.org/fhir/issue-type, a sentence, and the parameter that it is about."""

_ESCAPED = re.compile(r"\\([,|$\\])")
_UNESCAPED_COMMA = re.compile(r"(?<!\\),")
_REFERENCE = re.compile(r"(?:(?:https?://[^\s|]+/)?Organization/)?([A-Za-z0-9]{1,12})")
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
class Order:
    """One rule of a search's order: by the values of a search parameter."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """A read: its day and instant, and the elements to show."""

    question: FhirTimes = NOW
    shape: Shape = WHOLE


@dataclass(frozen=True, slots=True)
class Search:
    """A search: its clauses, its day and instant, its order and its page."""

    clauses: tuple[Clause, ...] = ()
    question: FhirTimes = NOW
    count: int = USUAL
    after: str | None = None
    total: bool = False
    only_count: bool = False
    includes: frozenset[str] = frozenset()
    order: tuple[Order, ...] = ()
    shape: Shape = WHOLE
    used: tuple[Pair, ...] = ()
    """The parameters that the search follows: all but those that were ignored."""
    ignored: tuple[Issue, ...] = ()


@dataclass
class _Read:
    """The parameters read so far, and the issues found."""

    lenient: bool = False
    clauses: list[Clause] = field(default_factory=list)
    controls: dict[str, list[str]] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    ignored: list[Issue] = field(default_factory=list)

    def not_supported(self, text: str, name: str) -> None:
        """Note a parameter, or one of its values, that this server does not have: a lenient client has it ignored."""
        (self.ignored if self.lenient else self.issues).append(("not-supported", text, name))


def is_lenient(preferences: Iterable[str]) -> bool:
    """Whether the client has unknown parameters ignored: `Prefer: handling=lenient` (RFC 7240; the first one counts).

    Without it they are refused: who misspells a filter would otherwise be answered about everything.
    """
    for preference in (one for header in preferences for one in header.split(",")):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "handling":
            return value.strip().strip('"').lower() == "lenient"
    return False


def read_search(resource: str, pairs: Iterable[Pair], *, lenient: bool = False) -> Search:
    """Parse a search. Raises NotUnderstood with every parameter that is unknown or malformed.

    With `lenient` what is unknown is ignored; a malformed value or a modifier is refused nevertheless.
    """
    filters = {parameter.name: parameter for parameter in FILTERS[resource]}
    controls = {parameter.name for parameter in (*PAGE, *QUESTION)}
    read, used = _Read(lenient), []
    for name, text in pairs:
        bare, _, modifier = name.partition(":")
        if name in controls:
            read.controls.setdefault(name, []).append(text)
        elif bare in filters:
            _read_clause(read, filters[bare], modifier, text)
        else:
            read.not_supported(f"{name} is no search parameter of {resource}", name)
            continue
        used.append((name, text))
    search = _search(resource, read, used)
    _refuse(read)
    return search


def read_one(resource: str, pairs: Iterable[Pair], *, lenient: bool = False) -> Read:
    """Parse the parameters of a read. Raises NotUnderstood."""
    read = _controls((*QUESTION, *READ), pairs, "a read", lenient=lenient)
    question, shape = _question(read), _shape(resource, read)
    _format(read)
    _refuse(read)
    return Read(question, shape)


def read_format(pairs: Iterable[Pair], *, lenient: bool = False) -> None:
    """Parse the parameters of the capability statement, of which `_format` is the only one. Raises NotUnderstood."""
    read = _controls((FORMAT,), pairs, "the capability statement", lenient=lenient)
    _format(read)
    _refuse(read)


def _controls(parameters: Iterable[Parameter], pairs: Iterable[Pair], what: str, *, lenient: bool) -> _Read:
    read, known = _Read(lenient), {parameter.name for parameter in parameters}
    for name, text in pairs:
        if name in known:
            read.controls.setdefault(name, []).append(text)
        else:
            read.not_supported(f"{name} is no parameter of {what}", name)
    return read


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
    return found[1].upper()


def _flag(value: Value) -> bool:
    assert isinstance(value, Token)
    flag = (value.code or "").lower()
    if flag not in {"true", "false"}:
        raise ValueError(f"{value.code}: send true or false")
    return flag == "true"


_READERS: Mapping[str, Callable[[str], Value]] = {
    "string": _plain,
    "token": _token,
    "date": read_range,
    "reference": _reference,
}


def _search(resource: str, read: _Read, used: Sequence[Pair]) -> Search:
    count = _count(read)
    total = _one(read, "_total", "none")
    if total not in {"none", "accurate", "estimate"}:
        read.issues.append(("not-supported", f"_total: {total}: send accurate, estimate or none", "_total"))
    includes = _among(read, "_include", INCLUDES[resource])
    order = _order(resource, read)
    shape = _shape(resource, read, counts=True)
    _format(read)
    rest = [pair for pair in used if pair[0] not in {"_include", "_sort"}]
    rest += [("_include", name) for name in includes]
    rest += [("_sort", ",".join(f"{'-' * one.descending}{one.name}" for one in order))] if order else []
    return Search(
        clauses=tuple(read.clauses),
        question=_question(read),
        count=min(count, MOST),
        after=_one(read, "_after", None),
        total=total != "none",
        only_count=count == 0 or "count" in read.controls.get("_summary", ()),
        includes=frozenset(includes),
        order=order,
        shape=shape,
        used=tuple(rest) if read.ignored else tuple(used),
        ignored=tuple(read.ignored),
    )


def _among(read: _Read, name: str, known: Sequence[str]) -> list[str]:
    """Return the values of a list that this server knows, in order and without those that are given again."""
    given = dict.fromkeys(part for text in read.controls.get(name, ()) for part in text.split(",") if part)
    for part in given:
        if part not in known:
            read.not_supported(f"{name}: {part} is not among {', '.join(known)}", name)
    return [part for part in given if part in known]


def _order(resource: str, read: _Read) -> tuple[Order, ...]:
    known = [sign + name for name in SORTS[resource] for sign in ("", "-")]
    order: dict[str, Order] = {}
    for one in _among(read, "_sort", known):
        name = one.removeprefix("-")
        # Of a name that is given in both directions the second can decide nothing.
        order.setdefault(name, Order(name, one.startswith("-")))
    return tuple(order.values())


def _shape(resource: str, read: _Read, *, counts: bool = False) -> Shape:
    """Return which elements to show: those of `_elements` if it is given, else those of the summary."""
    summary = _one(read, "_summary", "false")
    possible = ("true", "text", "data", "false", *(("count",) if counts else ()))
    if summary not in possible:
        read.issues.append(("not-supported", f"_summary: {summary}: send {', '.join(possible)}", "_summary"))
    if "_elements" in read.controls:
        return Shape(frozenset(_among(read, "_elements", sorted(SHOWN[resource] | OF_ANY))), subsetted=True)
    shapes = {"true": IN_SUMMARY[resource], "text": frozenset({"text"})}
    return Shape(shapes.get(summary or ""), subsetted=summary in {"true", "text", "data"})


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
