"""The guides name commands, settings, routes and numbers that there are."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from libs.common.http.transactions import VERSION
from libs.common.service import feed_routes, operator_routes
from libs.common.service.operator_routes import BackboneView
from libs.common.service.settings import Settings
from tests.support.platform import SERVICES, service

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
QUOTED = set(re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```", "", GUIDE, flags=re.MULTILINE | re.DOTALL)))


@pytest.fixture(scope="module")
def commands() -> set[str]:
    """What a service can be told from a shell."""
    said = subprocess.run(
        [sys.executable, "-m", "services.registry", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    return set(re.findall(r"^    ([a-z-]+)(?:\s|$)", said, flags=re.MULTILINE))


def test_the_commands_that_it_names_exist(commands: set[str]) -> None:
    named = {"migrate", "topics", "verify-log", "new-epoch", "republish", "checksum"}
    named |= {"continue-from", "rebuild", "due-work"}
    assert named <= {words.split()[0] for words in QUOTED}
    assert named <= commands
    shown = set(re.findall(r"^python -m services\.[a-z]+ ([a-z-]+)", GUIDE, flags=re.MULTILINE))
    assert {"skip-record"} <= shown <= commands


def test_the_settings_that_it_names_exist() -> None:
    named = {words.partition("=")[0] for words in QUOTED if re.fullmatch(r"[A-Z]+(_[A-Z]+)+(=\S+)?", words)}
    assert {"DATABASE_URL", "KAFKA_SECURITY"} <= named
    assert named <= {name.upper() for name in Settings.model_fields}


def test_the_routes_that_it_names_exist() -> None:
    routers = (operator_routes.router, operator_routes.stepped, feed_routes.router)
    routes = {
        path if path.startswith(VERSION) else f"{VERSION}{path}"
        for router in routers
        for route in router.routes
        if (path := getattr(route, "path", ""))
    }
    named = {words.split()[-1].replace("{id}", "{parked_id}") for words in QUOTED if "/v1/" in words}
    assert len(named) >= 3
    assert named <= routes


def test_the_numbers_that_it_says_to_watch_are_told() -> None:
    table = set(re.findall(r"^\| `(\w+)` \|", GUIDE, flags=re.MULTILINE))
    measured = (ROOT / "libs" / "common" / "service" / "health_routes.py").read_text(encoding="utf-8")
    assert "consumer_lag" in table
    for name in table:
        assert name in BackboneView.model_fields or f'"{name}"' in measured, name


def test_the_projection_that_it_says_to_rebuild_is_kept_by_every_service_that_hears() -> None:
    for name in SERVICES:
        subscriptions = service(name).subscriptions
        if subscriptions is not None:
            assert "known_organisations" in subscriptions.projections


@pytest.mark.parametrize("name", SERVICES)
def test_the_routes_that_a_services_guide_names_exist_and_none_is_left_out(name: str) -> None:
    guide = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    named = {tuple(words.split()) for words in re.findall(r"`((?:GET|POST|PUT|DELETE) /v1/\S+)`", guide)}
    routes = {
        (method, path if path.startswith(VERSION) else f"{VERSION}{path}")
        for router in service(name).routers
        for route in router.routes
        if (path := getattr(route, "path", ""))
        for method in getattr(route, "methods", ())
    }
    assert named - routes <= {("GET", "/v1/events"), ("GET", "/v1/provenance/{reference}")}
    nouns = {path.split("/")[2] for _, path in routes}
    assert nouns - {path.split("/")[2] for _, path in named} == set()


def test_the_tests_that_the_guide_of_finance_names_exist() -> None:
    guide = (ROOT / "docs" / "finance.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", guide))
    found = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }
    assert len(named) >= 12
    assert named <= found
