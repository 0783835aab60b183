"""Logs: one JSON object a line, tied to the request and its actor, with no secret in it."""

import json
import logging
import logging.handlers
from collections.abc import Iterator

import pytest
import structlog

from libs.common.process import context, logs


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    before, origin = structlog.get_config(), context.origin()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield capsys
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)
    context.begin(origin)


def test_a_line_is_json_and_names_the_request_and_the_actor(logged: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="info", style="json")
    context.begin(context.Origin(actor="ada", correlation="story-1", causation="req-1"))
    logs.logger("test").info("lit", beacon="IVI", token="secret")
    logs.logger("test").debug("not this")
    logging.getLogger("library").warning("from %s", "elsewhere")
    ours, theirs = [json.loads(line) for line in logged.readouterr().err.splitlines()]
    assert {name: ours[name] for name in ("event", "level", "logger", "beacon", "actor", "correlation", "request")} == {
        "event": "lit",
        "level": "info",
        "logger": "test",
        "beacon": "IVI",
        "actor": "ada",
        "correlation": "story-1",
        "request": "req-1",
    }
    assert ours["token"] == "(not shown)"
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["correlation"]) == ("from elsewhere", "story-1")


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_trace_is_told_without_the_values_of_its_variables(logged: pytest.CaptureFixture[str], style: str) -> None:
    logs.configure(style=style)
    password = "".join(["hun", "ter2"])
    try:
        raise ValueError("out of oil")
    except ValueError as error:
        logs.logger("test").error("failed", exc_info=error)
    told = logged.readouterr().err
    assert "out of oil" in told
    assert password not in told


def answered() -> None:
    logs.request_answered(method="GET", path="/v1/beacons", status=200, ms=1.5)


def test_an_answered_request_is_the_line_that_a_logger_would_give(logged: pytest.CaptureFixture[str]) -> None:
    logs.configure(style="json")
    context.begin(context.Origin(actor="ada", correlation="story-1", causation="req-1"))
    answered()
    logs.logger("libs.common.access").info("request", method="GET", path="/v1/beacons", status=200, ms=1.5)
    written, through_the_logger = [json.loads(line) for line in logged.readouterr().err.splitlines()]
    assert written.keys() == through_the_logger.keys()
    assert {**written, "timestamp": ""} == {**through_the_logger, "timestamp": ""}


def test_an_answered_request_goes_where_the_root_logger_was_sent(logged: pytest.CaptureFixture[str]) -> None:
    logs.configure(style="json")
    elsewhere = logging.handlers.BufferingHandler(capacity=10)
    logging.getLogger().handlers[:] = [elsewhere]
    answered()
    assert [record.name for record in elsewhere.buffer] == ["libs.common.access"]
    assert logged.readouterr().err == ""


@pytest.mark.parametrize(("level", "style"), [("warning", "json"), ("warning", "text")])
def test_answered_requests_are_not_told_above_their_level(
    logged: pytest.CaptureFixture[str], level: str, style: str
) -> None:
    logs.configure(level=level, style=style)
    answered()
    assert logged.readouterr().err == ""
