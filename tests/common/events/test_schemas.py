"""The published language is frozen, tolerant and upgradable; the machinery that proves it can fail."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import AwareDatetime, create_model

from libs.common.events import CATALOGUE, Envelope, Event, OdsCode, UnknownEvent, newest
from libs.common.events.schemas import PUBLISHERS, differences, frozen, schema, write_missing
from tests.support.sample_projection import DAY, INSTANT

MODULES = {publisher.__name__ for publisher in PUBLISHERS}
PUBLISHED = sorted(
    (kind for kind in CATALOGUE.values() if kind.__module__ in MODULES),
    key=lambda kind: (kind.event_name, kind.event_version),
)


def anything(annotation: Any) -> st.SearchStrategy[Any]:
    """Draw JSON values of a field's type."""
    if get_origin(annotation) is tuple:
        return st.lists(anything(get_args(annotation)[0]), max_size=4)
    if get_origin(annotation) is Annotated:
        return anything(get_args(annotation)[0])
    if get_args(annotation):
        return st.one_of(*(anything(each) for each in get_args(annotation)))
    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(max_size=20),
        int: st.integers(-(2**53), 2**53),
        bool: st.booleans(),
        date: st.dates().map(str),
        type(None): st.none(),
        AwareDatetime: st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    }
    return simple[annotation]


def fields_of(kind: type[Event]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw the fields of an event: the required ones, and any of the others."""
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for name, field in kind.model_fields.items():
        (required if field.is_required() else optional)[name] = anything(field.annotation)
    return st.fixed_dictionaries(required, optional=optional)


def envelope(kind: type[Event], fields: dict[str, Any]) -> Envelope:
    return Envelope(
        id="1",
        source=kind.topic,
        name=kind.event_name,
        version=kind.event_version,
        keys=("a",),
        recorded_at=INSTANT,
        position=1,
        epoch="one",
        fields=fields,
    )


_BYTES = (
    b'{"specversion":"1.0","id":"e-2","source":"/contracts","type":"uk.nhs.footprint.ContractTransferred.v1",'
    b'"time":"2018-04-01T00:00:00Z","datacontenttype":"application/json","position":7,"epoch":"one","keys":"C-1,14Y",'
    b'"actor":"lead","correlationid":"story-1","causationid":"e-1",%b"data":{}}'
)


@pytest.mark.parametrize(("source", "between"), [("registry", b'"causationsource":"/registry",'), ("", b"")])
def test_the_bytes_of_an_envelope_are_these_and_say_whose_log_its_cause_is_in(source: str, between: bytes) -> None:
    told = Envelope(
        id="e-2",
        source="contracts",
        name="ContractTransferred",
        version=1,
        keys=("C-1", "14Y"),
        recorded_at=datetime(2018, 4, 1, tzinfo=UTC),
        position=7,
        epoch="one",
        actor="lead",
        correlation="story-1",
        causation="e-1",
        causation_source=source,
    )
    assert told.encode() == _BYTES % between
    assert Envelope.decode(_BYTES % between) == told


@contextmanager
def names_of(name: str) -> Iterator[None]:
    """Take the events of this name out of the catalogue again at the end."""
    try:
        yield
    finally:
        for key in [key for key in CATALOGUE if key[0] == name]:
            del CATALOGUE[key]


def test_every_event_is_what_it_was_when_it_was_frozen() -> None:
    assert PUBLISHED
    assert differences(PUBLISHED, frozen()) == []


@pytest.mark.parametrize("kind", PUBLISHED, ids=lambda kind: f"{kind.event_name}.v{kind.event_version}")
def test_every_frozen_schema_is_a_good_one_and_its_events_travel(kind: type[Event]) -> None:
    validator = Draft202012Validator(schema(kind))
    Draft202012Validator.check_schema(schema(kind))

    @settings(max_examples=25, deadline=None)
    @given(fields_of(kind), st.dictionaries(st.text(min_size=1, max_size=9).map("later_{}".format), st.integers()))
    def travels(fields: dict[str, Any], later: dict[str, int]) -> None:
        validator.validate(fields)
        validator.validate(fields | later)
        told = Envelope.decode(envelope(kind, fields | later).encode()).event()
        assert told == Envelope.decode(envelope(kind, fields).encode()).event()
        assert type(told) in newest(CATALOGUE.values())

    travels()


def test_a_reader_that_lags_behind_reads_what_a_newer_publisher_adds() -> None:
    with names_of("KettleBoiled"):

        class KettleBoiled(Event, topic="kitchen", keys=("kettle",), name="KettleBoiled"):
            kettle: str

        newer = {"effective_on": str(DAY), "stated_at": INSTANT.isoformat(), "kettle": "a", "litres": 2}
        assert envelope(KettleBoiled, newer).event() == KettleBoiled(effective_on=DAY, stated_at=INSTANT, kettle="a")


@settings(deadline=None)
@given(litres=st.integers(0, 1000), kettle=st.text(min_size=1, max_size=9))
def test_every_old_version_upgrades_step_by_step(litres: int, kettle: str) -> None:
    with names_of("KettleFilled"):

        class First(Event, topic="kitchen", keys=("kettle",), name="KettleFilled", version=1):
            kettle: str
            litres: int

            def upgrade(self) -> Event:
                return Second(**self.model_dump(exclude={"litres"}), millilitres=self.litres * 1000)

        class Second(Event, topic="kitchen", keys=("kettle",), name="KettleFilled", version=2):
            kettle: str
            millilitres: int

            def upgrade(self) -> Event:
                return Third(**self.model_dump(exclude={"millilitres"}), volume=(self.millilitres, "ml"))

        class Third(Event, topic="kitchen", keys=("kettle",), name="KettleFilled", version=3):
            kettle: str
            volume: tuple[int, str]

        said = {"effective_on": str(DAY), "stated_at": INSTANT.isoformat(), "kettle": kettle, "litres": litres}
        told = envelope(First, said).event()
        assert told == Third(effective_on=DAY, stated_at=INSTANT, kettle=kettle, volume=(litres * 1000, "ml"))
        assert newest(kind for kind in CATALOGUE.values() if kind.event_name == "KettleFilled") == [Third]
    with pytest.raises(UnknownEvent):
        envelope(First, said).event()


def test_a_changed_event_differs_from_its_frozen_schema(tmp_path: Path) -> None:
    def kettle(**fields: Any) -> type[Event]:
        with names_of("KettleMoved"):
            made: type[Event] = create_model(
                "KettleMoved", __base__=Event, __cls_kwargs__={"topic": "kitchen", "keys": ("kettle",)}, **fields
            )
        return made

    born = kettle(kettle=(str, ...))
    assert differences([born], frozen(tmp_path)) == [
        "KettleMoved.v1.json is missing: python -m libs.common.events.schemas"
    ]
    assert write_missing([born], tmp_path) == ["KettleMoved.v1.json"]
    assert differences([born], frozen(tmp_path)) == []
    assert write_missing([born], tmp_path) == []

    for changed in (kettle(kettle=(str | None, ...)), kettle(kettle=(str, ...), to=(str, ...))):
        assert write_missing([changed], tmp_path) == []
        [wrong] = differences([changed], frozen(tmp_path))
        assert wrong.startswith("KettleMoved.v1.json differs from its class")
    assert differences([], frozen(tmp_path)) == ["KettleMoved.v1.json no longer has a class"]

    grown = kettle(kettle=(str, ...), on=(str, ""))
    assert len(differences([grown], frozen(tmp_path))) == 1
    assert write_missing([grown], tmp_path) == ["KettleMoved.v1.on.json"]
    assert differences([grown], frozen(tmp_path)) == []
    assert differences([born], frozen(tmp_path)) == ["KettleMoved.v1.on.json no longer has a class"]
    assert json.loads((tmp_path / "KettleMoved.v1.json").read_text()) == schema(born)


def test_an_event_for_its_parties_is_for_those_of_its_codes_that_it_names_as_readers() -> None:
    by_name = {kind.event_name: kind.organisation_fields for kind in PUBLISHED}
    assert by_name["ContractTransferred"] == ("supplier", "customers", "from_customers")
    assert by_name["ServiceConsolidated"] == ("customers",)
    assert by_name["AllowanceRestated"] == ("organisation",)


@pytest.mark.parametrize("readers", [("nothing",), ("reference",)])
def test_readers_are_fields_with_codes(readers: tuple[str, ...]) -> None:
    with pytest.raises(TypeError):

        class _Wrong(Event, topic="sample", keys=("reference", "code"), parties_only=True, readers=readers):
            reference: str
            code: OdsCode
