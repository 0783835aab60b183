"""Commands of the registry change bodies through `core/change.py`: none counts versions or moves an instant itself."""

import re

import pytest

from tests.architecture.source import modules

ALLOWED = (
    "services/registry/core/",  # the unit of change, and what it calls
    "services/registry/imports/",  # thousands of bodies in one statement, each by what was new of it
    "services/registry/fhir/",  # reads dates to their last microsecond
)

RULES = [
    ("an instant", re.compile(r"timedelta\(microseconds="), "at = latest + timedelta(microseconds=1)"),
    ("a version", re.compile(r"organisation\.version \+=|UPDATE organisation\b"), "organisation.version += 1"),
    ("events", re.compile(r"\boutbox\.|\brecording\.record\w*\("), "await recording.record(session, events)"),
]


@pytest.mark.parametrize(("what", "rule", "planted"), RULES, ids=[what for what, _, _ in RULES])
def test_no_command_does_what_the_unit_of_change_does(what: str, rule: re.Pattern[str], planted: str) -> None:
    assert rule.search(planted), f"the check does not see: {planted}"
    wrong = [
        f"{module.path}:{number}"
        for module in modules("services/registry")
        if not module.path.as_posix().startswith(ALLOWED)
        for number, line in enumerate(module.text.splitlines(), start=1)
        if rule.search(line)
    ]
    assert not wrong, f"{what}: use services.registry.core.change, not {wrong}"
