"""Which facts an event refers to, and that what it is about itself is none of them."""

from typing import Any

import pytest

from libs.common.events import Envelope
from libs.common.events.references import references_of
from libs.common.events.schemas import PUBLISHERS
from tests.support.sample_projection import INSTANT

_SOURCES = {publisher.__name__.rpartition(".")[2] for publisher in PUBLISHERS}


@pytest.mark.parametrize(
    ("name", "fields", "references"),
    [
        ("CCGMergerAgreed", {"merger": "M-1", "application": "A-1"}, [("registry", "A-1")]),
        ("TransferSchemeMade", {"merger": "M-1", "scheme": "M-1-P1"}, [("registry", "M-1-P1")]),
        # A later event on the line is no cause of this one; its decision is.
        ("BudgetSet", {"organisation": "14Y", "line": "L-1", "decision": "D-1"}, [("governance", "D-1")]),
        ("BudgetRestated", {"organisation": "14Y", "line": "L-1", "merger": "M-1"}, [("registry", "M-1")]),
        ("AllowanceRestated", {"organisation": "14Y", "merger": "M-1"}, [("registry", "M-1")]),
        ("FundDrawn", {"fund": "F-1", "line": "L-1", "case": ""}, [("finance", "L-1")]),
        ("DecisionTaken", {"decision": "D-1", "proposal": "P-1"}, [("governance", "P-1")]),
    ],
)
def test_an_event_refers_to_what_others_state_and_not_to_what_it_is_about(
    name: str, fields: dict[str, Any], references: list[tuple[str, str]]
) -> None:
    envelope = Envelope(id="E", source="s", name=name, version=1, keys=(), recorded_at=INSTANT, fields=fields)
    assert references_of(envelope) == references
    assert {source for source, _ in references} <= _SOURCES
