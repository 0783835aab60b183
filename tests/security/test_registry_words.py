"""What a person writes to the registry stays there: an event has the titles of terms in its place."""

import json

from libs.common.events.registry import (
    CareModelStated,
    MergerApplicationDetermined,
    MergerConditionMet,
    OrganisationRemitStated,
)
from tests.registry.applications.applicants import an_application
from tests.registry.conftest import registry, tokens, url
from tests.support.builders import an_organisation
from tests.support.registry_client import RegistryClient

__all__ = ["registry", "tokens", "url"]

WORDS = "Dr Jane Doe of 1 High Street"


async def test_no_event_carries_what_a_person_wrote(registry: RegistryClient) -> None:
    await registry.move_clock("2017-02-01")
    await registry.open("10H", "10Y", "06A")
    application = an_application(
        "14Y",
        "10Y",
        "10H",
        effective_on="2018-04-01",
        constitution=WORDS,
        documents=[WORDS],
        baseline_source=WORDS,
        factors=[{"factor": "stewardship", "evidence": WORDS}],
        member_views=[{"organisation": "10Y", "support": WORDS, "views": WORDS, "recorded_on": "2017-01-31"}],
    )
    await registry.call("POST", "/merger-applications", json=application)
    judged = {"criterion": "logical_footprint", "passes": True, "reasons": WORDS}
    await registry.change("/merger-applications/A-14Y/judgements", version=1, body=judged)
    determined = {
        "outcome": "approved_with_conditions",
        "reasons": [WORDS],
        "conditions": [{"condition": "constitution", "words": WORDS}, {"condition": "chair", "words": WORDS}],
    }
    await registry.change("/merger-applications/A-14Y/determination", version=2, body=determined)
    evidence = {"met_on": "2017-02-01", "evidence_type": "minute", "evidence": WORDS}
    await registry.call("POST", "/mergers/M-14Y/conditions/2/evidence", json=evidence)
    planned = {"reference": "06A-MCP", "model": "mcp", "name": "A provider", "place": "06A"}
    services = {"services": WORDS, "offers": ["community_services", "social_care"], "note": WORDS}
    await registry.call("POST", "/care-models", json={**planned, **services})
    await registry.change("/care-models/06A-MCP/delay", version=1, body={"note": WORDS})
    await registry.change("/care-models/06A-MCP/end", version=2, body={"effective_on": "2017-04-01", "note": WORDS})
    federation = {
        **an_organisation("SUFFED", "gp_federation"),
        "legal_form": "cic_limited_by_guarantee",
        "remit": "extended_services",
    }
    del federation["kind"]
    await registry.call("POST", "/federations", json=federation)

    told = await registry.told()
    assert [event.event_name for event in told if WORDS in json.dumps(event.model_dump(mode="json"))] == []
    [decided] = [event for event in told if isinstance(event, MergerApplicationDetermined)]
    assert decided.conditions == ("The constitution is signed off", "The chair is appointed")
    [met] = [event for event in told if isinstance(event, MergerConditionMet)]
    assert met.evidence == "A minute of a meeting"
    assert {event.services for event in told if isinstance(event, CareModelStated)} == {
        "Community services; Social care"
    }
    [remit] = [event for event in told if isinstance(event, OrganisationRemitStated)]
    assert remit.remit == "Wins and holds contracts for extended services"


async def test_a_term_that_no_pack_has_is_refused_naming_those_that_there_are(registry: RegistryClient) -> None:
    await registry.move_clock("2017-02-01")
    await registry.open("06A", "10H", "10Y")
    planned = {
        "reference": "06A-MCP",
        "model": "mcp",
        "name": "A provider",
        "place": "06A",
        "offers": ["other", "luck"],
    }
    refused = await registry.call("POST", "/care-models", json=planned, expect=409)
    assert refused["type"].endswith("/term-unknown")
    assert [reason["field"] for reason in refused["reasons"]] == ["offers.1"]
    assert "community_services" in refused["detail"]
    await registry.call(
        "POST", "/merger-applications", json=an_application("14Y", "10Y", "10H", effective_on="2018-04-01")
    )
    determined = {"outcome": "approved_with_conditions", "conditions": [{"condition": "luck", "words": "Be lucky"}]}
    path = "/merger-applications/A-14Y/determination"
    refused = await registry.change(path, version=1, body=determined, expect=409)
    assert [reason["field"] for reason in refused["reasons"]] == ["conditions.0.condition"]
    freely = {"outcome": "approved_with_conditions", "conditions": ["The chair, Jane Doe, resigns"]}
    await registry.change(path, version=1, body=freely, expect=422)
