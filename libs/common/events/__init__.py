"""The published language: the base class of events, their envelope, and the catalogue of all events.

This package needs only pydantic and the standard library, so that a partner can use it as it is.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Self, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic.fields import FieldInfo

TYPE_PREFIX = "uk.nhs.footprint."


class _CodeOfABody:
    """Marks a type as the ODS code of an organisation."""


OdsCode = Annotated[str, _CodeOfABody]
"""The ODS code of an organisation. A reference, which may look like a code, is a plain `str`."""


class Event(BaseModel):
    """Something that happened, named in the past tense. Plain values only: codes, ids, dates, integers.

    `effective_on` is the first day on which it holds; `stated_at` when its source stated it. Subclass keywords: `topic`
    (the service that publishes it), `keys` (fields whose values, as one set, name every aggregate concerned),
    `version`, `name` (the class name unless an old version has a class name of its own), `parties_only` (feeds return
    it only to callers who act for one of its organisations: the key fields typed as `OdsCode`, or of them those that
    `readers` names; otherwise to every partner).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: ClassVar[str] = ""
    event_name: ClassVar[str] = ""
    event_version: ClassVar[int] = 1
    key_fields: ClassVar[tuple[str, ...]] = ()
    organisation_fields: ClassVar[tuple[str, ...]] = ()
    parties_only: ClassVar[bool] = False

    effective_on: date
    stated_at: AwareDatetime

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Accept the class keywords: pydantic passes them to `__pydantic_init_subclass__` as well."""
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        topic: str = "",
        keys: tuple[str, ...] = (),
        version: int = 1,
        name: str | None = None,
        parties_only: bool = False,
        readers: tuple[str, ...] = (),
        **kwargs: Any,
    ) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.topic, cls.event_version, cls.event_name = topic, version, name or cls.__name__
        cls.key_fields, cls.parties_only = keys, parties_only
        missing = {*keys, *readers} - set(cls.model_fields)
        if not topic or not keys or missing:
            raise TypeError(f"{cls.__name__} needs a topic, and keys that name its fields; unknown: {sorted(missing)}")
        cls.organisation_fields = tuple(name for name in readers or keys if _is_of_codes(cls.model_fields[name]))
        if parties_only and not cls.organisation_fields:
            raise TypeError(f"{cls.__name__} is for its parties only, but none of its keys is an OdsCode")
        if (cls.event_name, version) in CATALOGUE:
            raise TypeError(f"{cls.event_name} version {version} is in the catalogue already")
        CATALOGUE[cls.event_name, version] = cls

    @property
    def keys(self) -> frozenset[str]:
        """The values of the key fields: every aggregate that this event concerns."""
        values = _values({name: getattr(self, name) for name in self.key_fields})
        if any("," in value for value in values):
            raise ValueError(
                f"{self.event_name}: a key contains a comma, which joins keys in the envelope: {sorted(values)}"
            )
        return values

    def upgrade(self) -> "Event":
        """Return this event as its next version. The newest version returns itself; an old version overrides this."""
        return self


def _is_of_codes(declared: FieldInfo) -> bool:
    """Whether a field is an OdsCode, or several of them."""
    inside = [one for argument in get_args(declared.annotation) for one in getattr(argument, "__metadata__", ())]
    return _CodeOfABody in (*declared.metadata, *inside)


def _values(fields: Mapping[str, Any]) -> frozenset[str]:
    values: set[str] = set()
    for value in fields.values():
        values.update([value] if isinstance(value, str) else value or ())
    return frozenset(values - {""})


CATALOGUE: dict[tuple[str, int], type[Event]] = {}
"""Every event class by name and version."""


class UnknownEvent(LookupError):
    """No class has this name and version: a newer publisher's event, which waits where its name is subscribed to."""


class Undecodable(ValueError):
    """These bytes are not an event of ours, or its class refuses the fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A CloudEvents 1.0 envelope around an event's fields: `encode` returns the bytes used in log, topic and feed.

    `causation_source` is the service whose log has the event that `causation` names; empty where that is a request, and
    in events from before it was published.
    """

    id: str
    source: str
    name: str
    version: int
    keys: tuple[str, ...]
    recorded_at: datetime
    position: int = 0
    epoch: str = ""
    actor: str = ""
    correlation: str = ""
    causation: str = ""
    causation_source: str = ""
    traceparent: str = ""
    aggregate_version: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The CloudEvents type: name and version."""
        return f"{TYPE_PREFIX}{self.name}.v{self.version}"

    def encode(self) -> bytes:
        """Return the event as structured CloudEvents JSON: the same bytes for the same envelope."""
        document: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": f"/{self.source}",
            "type": self.type,
            "time": self.recorded_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "position": self.position,
            "epoch": self.epoch,
            "keys": ",".join(self.keys),
            "actor": self.actor,
        }
        optional = {
            "aggregateversion": self.aggregate_version,
            "correlationid": self.correlation,
            "causationid": self.causation,
            "causationsource": f"/{self.causation_source}" if self.causation_source else "",
            "traceparent": self.traceparent,
        }
        document |= {name: value for name, value in optional.items() if value not in (None, "")}
        return json.dumps(document | {"data": dict(self.fields)}, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Return the envelope in these bytes. Raises Undecodable."""
        try:
            document = json.loads(body)
            name, _, version = document["type"].removeprefix(TYPE_PREFIX).rpartition(".v")
            return cls(
                id=document["id"],
                source=document["source"].removeprefix("/"),
                name=name,
                version=int(version),
                keys=tuple(key for key in document["keys"].split(",") if key),
                recorded_at=datetime.fromisoformat(document["time"]),
                position=document["position"],
                epoch=document["epoch"],
                actor=document.get("actor", ""),
                correlation=document.get("correlationid", ""),
                causation=document.get("causationid", ""),
                causation_source=document.get("causationsource", "").removeprefix("/"),
                traceparent=document.get("traceparent", ""),
                aggregate_version=document.get("aggregateversion"),
                fields=document["data"],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Undecodable(f"not an event: {error!r}") from error

    @property
    def organisations(self) -> frozenset[str]:
        """The ODS codes that the event names as its organisations; none if no class has this name and version."""
        kind = CATALOGUE.get((self.name, self.version))
        return _values({name: self.fields.get(name) for name in kind.organisation_fields} if kind else {})

    def event(self) -> Event:
        """Return the event itself, in the newest version of its class.

        Raises UnknownEvent if no class has this name and version, Undecodable if the class refuses the fields.
        """
        kind = CATALOGUE.get((self.name, self.version))
        if kind is None:
            raise UnknownEvent(f"{self.name} version {self.version}")
        try:
            event: Event = kind.model_validate(self.fields)
        except ValueError as error:
            raise Undecodable(f"{self.name} at {self.position}: {error}") from error
        while (newer := event.upgrade()) is not event:
            event = newer
        return event


def name_of_type(written: str) -> str:
    """Return the event's name from its CloudEvents type; a name alone is returned as it is."""
    name, is_type, version = written.removeprefix(TYPE_PREFIX).rpartition(".v")
    return name if is_type and version.isdigit() else written


def newest(events: Iterable[type[Event]]) -> list[type[Event]]:
    """Return only the class with the highest version of each event, by name."""
    best: dict[str, type[Event]] = {}
    for kind in events:
        if kind.event_name not in best or best[kind.event_name].event_version < kind.event_version:
            best[kind.event_name] = kind
    return [best[name] for name in sorted(best)]
