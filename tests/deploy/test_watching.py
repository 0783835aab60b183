"""The dashboard and the alerts ask for metrics that there are, and each alert fires where it should."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.service.app import create_service
from tests.support import sample_service, tools
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import url

__all__ = ["tokens", "url"]

FOLDER = Path(__file__).parents[2] / "deploy" / "watching"
RULES = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
FIRINGS = yaml.safe_load((FOLDER / "alerts_test.yml").read_text(encoding="utf-8"))["tests"]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
OF_PROMETHEUS = {"up": {"job": set[str](), "instance": set[str]()}}
"""What Prometheus itself adds."""


@dataclass(frozen=True)
class Scrape:
    """The samples of a service, by name, each with its labels' values."""

    labels: dict[str, dict[str, set[str]]]

    def lacks(self, selector: Any) -> list[str]:
        """What of a selector no sample has."""
        if selector.name not in self.labels:
            return [selector.name]
        there = self.labels[selector.name]
        return [
            f"{selector.name}{{{matcher.name}={wanted}}}"
            for matcher in selector.matchers.matchers
            if matcher.name not in OF_PROMETHEUS["up"]
            for wanted in (matcher.value.split("|") if matcher.name == "measure" else [".*"])
            if not any(re.fullmatch(wanted, value) for value in there.get(matcher.name, ()))
        ]


@pytest.fixture
async def scrape(url: str, tokens: Tokens) -> AsyncIterator[Scrape]:
    """A service that subscribes to its own events, after a request."""
    service = replace(sample_service.SERVICE, hears=("beacons",))
    app = create_service(service, tokens.settings(url), DirectBus({"beacons": url}))
    async with running(app, tokens.header(Role.OPERATOR)) as client:
        await client.get("/v1/beacons")
        labels: dict[str, dict[str, set[str]]] = dict(OF_PROMETHEUS)
        for family in text_string_to_metric_families((await client.get("/metrics")).text):
            for sample in family.samples:
                of_name = labels.setdefault(sample.name, {})
                for name, value in sample.labels.items():
                    of_name.setdefault(name, set()).add(value)
        yield Scrape(labels)


def panel_expressions() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$service", ".+").replace("$__rate_interval", "5m")


def selectors(node: Any) -> Iterator[Any]:
    """Every selector of an expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in ("lhs", "rhs", "expr", "vector_selector"):
        if hasattr(node, name):
            yield from selectors(getattr(node, name))
    for part in getattr(node, "args", ()):
        yield from selectors(part)


async def test_every_metric_that_is_asked_for_is_in_a_scrape(scrape: Scrape) -> None:
    asked = [*(rule["expr"] for rule in RULES), *panel_expressions()]
    found = [selector for expression in asked for selector in selectors(promql_parser.parse(expression))]
    assert len(found) >= len(asked) > 30
    assert [lack for selector in found for lack in scrape.lacks(selector)] == []
    wrong = promql_parser.parse('footprint_backbone{measure="dead_task"} > footprint_backbones')
    assert [lack for each in selectors(wrong) for lack in scrape.lacks(each)] == [
        "footprint_backbone{measure=dead_task}",
        "footprint_backbones",
    ]


def test_the_panels_are_each_one_and_stand_apart() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    cells = [
        (panel["gridPos"]["x"] + across, panel["gridPos"]["y"] + down)
        for panel in panels
        for across in range(panel["gridPos"]["w"])
        for down in range(panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    known = {f"${{{variable['name']}}}" for variable in DASHBOARD["templating"]["list"]}
    assert {target["datasource"]["uid"] for panel in panels for target in panel["targets"]} <= known


def test_each_alert_has_series_on_which_it_is_quiet_and_then_fires() -> None:
    seen: dict[str, list[bool]] = {}
    for firing in FIRINGS:
        for moment in firing["alert_rule_test"]:
            seen.setdefault(moment["alertname"], []).append(bool(moment["exp_alerts"]))
    assert seen == {rule["alert"]: [False, True] for rule in RULES}


def test_the_guide_says_of_each_alert_what_to_do() -> None:
    guide = (FOLDER.parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [rule["alert"] for rule in RULES if f"`{rule['alert']}`" not in guide] == []


def test_the_alerts_fire_in_prometheus(tmp_path: Path) -> None:
    promtool = tools.debian_program("prometheus", "promtool")
    for command in (("test", "rules", "alerts_test.yml"), ("check", "config", "--syntax-only", "prometheus.yml")):
        assert "SUCCESS" in tools.run([promtool, *command], FOLDER)
    broken = (FOLDER / "alerts.yml").read_text(encoding="utf-8").replace('"dead_tasks"} > 0', '"dead_tasks"} > 9')
    (tmp_path / "alerts.yml").write_text(broken, encoding="utf-8")
    (tmp_path / "alerts_test.yml").write_bytes((FOLDER / "alerts_test.yml").read_bytes())
    with pytest.raises(AssertionError, match="TaskDead"):
        tools.run([promtool, "test", "rules", "alerts_test.yml"], tmp_path)
