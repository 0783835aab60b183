"""The README and the table of events say what is so: events, roles, settings, commands and files."""

import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from libs.common.events import CATALOGUE, newest
from libs.common.identity import Role
from libs.common.service.settings import Settings
from tests.support.platform import SERVICES, service

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EVENTS = (ROOT / "docs/events.md").read_text(encoding="utf-8")


def first_cells(heading: str) -> set[str]:
    """The first cell of each row of the table under a heading."""
    return rows_of(README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0])


def rows_of(text: str) -> set[str]:
    """The first cell of each row of the tables in a text."""
    return set(re.findall(r"^\| `([^`]+)`", text, flags=re.MULTILINE))


def cells(name: str, document: str = README) -> list[str]:
    """The cells of the row that begins with this name."""
    row = next(line for line in document.splitlines() if line.startswith(f"| `{name}`"))
    return [cell.strip() for cell in row.strip("|").split("|")]


def keepers(event: str) -> Iterable[str]:
    """The services that copy what the event says into a projection."""
    for name in SERVICES:
        subscriptions = service(name).subscriptions
        if subscriptions is not None and any(event in handler.names for handler in subscriptions.knowing):
            yield name


def actors(event: str) -> Iterable[str]:
    """The services that change something of their own because of the event."""
    for name in SERVICES:
        subscriptions = service(name).subscriptions
        if subscriptions is not None and any(event in handler.names for handler in subscriptions.acting):
            yield name


def test_every_event_is_in_the_table_with_who_tells_who_keeps_and_who_acts_on_it() -> None:
    for name in SERVICES:
        import_module(f"libs.common.events.{name}")
    kinds = [kind for kind in newest(CATALOGUE.values()) if kind.topic in SERVICES]
    assert rows_of(EVENTS) == {kind.event_name for kind in kinds}
    for kind in kinds:
        _, told_by, kept_by, acted_on_by, _ = cells(kind.event_name, EVENTS)
        assert told_by == kind.topic
        assert kept_by.replace(",", " ").split() == list(keepers(kind.event_name)), kind
        assert acted_on_by.replace(",", " ").split() == list(actors(kind.event_name)), kind


def test_the_table_of_roles_is_that_of_the_code() -> None:
    section = README.split("\n## Who may do what\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{role}` | {role.meaning} |" for role in Role]


def test_every_setting_is_listed_with_its_default() -> None:
    assert first_cells("Settings") == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        default = cells(name.upper())[1].strip("`")
        if field.is_required():
            assert default == "needed"
        elif isinstance(field.default, int | str) and field.default != "":
            assert default == str(field.default).lower()


def test_the_files_that_it_names_exist() -> None:
    named = set(re.findall(r"`((?:services|libs|deploy|console|tests|docs)/[\w./-]+)`", README))
    assert named
    missing = [name for name in sorted(named) if not (ROOT / name).exists()]
    assert not missing


def test_the_make_targets_that_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`?make ([a-z-]+)", README))
    assert {"run", "test"} <= targets
    assert all(f"\n{target}:" in makefile for target in targets)
