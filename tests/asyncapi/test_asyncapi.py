"""The AsyncAPI document is what the classes say, its own makers' parser finds nothing, and its examples are true."""

import copy
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError  # type: ignore[import-untyped]

from deploy.demo.records import read_records
from libs.common.events import CATALOGUE, Envelope
from libs.common.events.asyncapi import TOPIC_PREFIX, text
from libs.common.events.schemas import PUBLISHERS
from libs.common.service.settings import Settings
from tests.support.tools import PROGRAMS, node_tools, run

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DOCUMENT: dict[str, Any] = json.loads(text())
MESSAGES: dict[str, dict[str, Any]] = DOCUMENT["components"]["messages"]
NOT_IN_THE_DEMO = {
    "AreasAssigned.v1",
    "CCGMergerWithdrawn.v1",
    "CareModelStated.v1",
    "ContractTerminated.v1",
    "ICBClusterEnded.v1",
    "ICBMerged.v1",
    "ICBMergerAgreed.v1",
    "ICBMergerRedated.v1",
    "ICBMergerWithdrawn.v1",
    "ICBsClustered.v1",
    "MergerApplicationDetermined.v1",
    "MergerApplied.v1",
    "MergerConditionMet.v1",
    "OrganisationClosed.v1",
    "OrganisationIdentified.v1",
    "OrganisationIdentifierEnded.v1",
    "OrganisationKindChanged.v1",
    "OrganisationLegalFormChanged.v1",
    "OrganisationLegalStatusChanged.v1",
    "OrganisationMoved.v1",
    "OrganisationParentChanged.v1",
    "OrganisationRelated.v1",
    "OrganisationRemitStated.v1",
    "OrganisationRoleEnded.v1",
    "OrganisationRoleGiven.v1",
    "OrganisationSucceeded.v1",
    "OrganisationUnrelated.v1",
    "PopulationPublished.v1",
    "SourceReported.v1",
    "SuccessionReported.v1",
    "SuccessionUndone.v1",
}


@pytest.fixture(scope="session")
def parser() -> Path:
    """The folder with AsyncAPI's parser, by the lock beside this file."""
    return node_tools(HERE)


def parse(parser: Path, document: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run([PROGRAMS / "node", HERE / "parse.mjs", parser, document], HERE))
    return found


def payload_schema(name: str) -> dict[str, Any]:
    """The schema of a whole message, as a document of its own that a JSON Schema validator can read."""
    return {**MESSAGES[name]["payload"], "components": {"schemas": DOCUMENT["components"]["schemas"]}}


def example(name: str) -> dict[str, Any]:
    [only] = MESSAGES[name]["examples"]
    payload: dict[str, Any] = only["payload"]
    return payload


FORMATS = FormatChecker(["date"])


@FORMATS.checks("date-time", raises=ValueError)  # type: ignore[untyped-decorator]  # its package has no types
def is_an_instant(value: object) -> bool:
    """The library itself lets every date-time pass unless another package is there."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def check(name: str, payload: Any) -> None:
    Draft202012Validator(payload_schema(name), format_checker=FORMATS).validate(payload)


def test_the_committed_document_is_what_the_classes_say() -> None:
    committed = (ROOT / "docs" / "asyncapi.json").read_text("utf-8")
    assert committed == text(), "write it anew: python -m libs.common.events.asyncapi"


def test_asyncapis_own_parser_reads_it_and_only_knows_a_newer_version(parser: Path) -> None:
    found = parse(parser, ROOT / "docs" / "asyncapi.json")
    # Modelina reads 3.0 and makes a single "Root" of 3.1, of which the document would use nothing.
    assert [one["code"] for one in found["told"]] == ["asyncapi-latest-version"]
    assert found["channels"] == [f"footprint.{name}" for name in ("registry", "contracts", "finance", "governance")]
    assert sorted(found["messages"]) == sorted(message["name"] for message in MESSAGES.values())


def test_the_parser_does_see_a_fault(parser: Path, tmp_path: Path) -> None:
    broken = copy.deepcopy(DOCUMENT)
    broken["channels"]["registry"]["messages"]["CCGMerged.v1"]["$ref"] = "#/components/messages/CCGSplit.v1"
    file = tmp_path / "asyncapi.json"
    file.write_text(json.dumps(broken))
    assert "CCGSplit" in json.dumps(parse(parser, file)["told"])


def test_the_topics_are_those_that_the_services_use_unless_told_otherwise() -> None:
    assert Settings.model_fields["kafka_topic_prefix"].default == TOPIC_PREFIX
    for topic, channel in DOCUMENT["channels"].items():
        assert channel["address"] == channel["bindings"]["kafka"]["topic"] == f"{TOPIC_PREFIX}{topic}"


def test_every_event_and_version_is_told_on_the_topic_of_its_service_once() -> None:
    modules = {publisher.__name__ for publisher in PUBLISHERS}
    kinds = [kind for kind in CATALOGUE.values() if kind.__module__ in modules]
    told = [(topic, name) for topic, channel in DOCUMENT["channels"].items() for name in channel["messages"]]
    assert sorted(told) == sorted((kind.topic, f"{kind.event_name}.v{kind.event_version}") for kind in kinds)
    assert set(MESSAGES) == {name for _, name in told}
    for kind in kinds:
        message = MESSAGES[f"{kind.event_name}.v{kind.event_version}"]
        assert message["x-keys"] == list(kind.key_fields)
        assert ("only to callers" in message["description"]) is message["x-parties-only"] is kind.parties_only


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_each_example_is_what_its_schema_and_its_class_say(name: str) -> None:
    payload = example(name)
    check(name, payload)
    told = Envelope.decode(json.dumps(payload).encode())
    event = told.event()
    assert f"{told.name}.v{told.version}" == name
    assert event.topic == told.source
    assert set(told.keys) == event.keys
    assert json.loads(told.encode()) == payload


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "/finance"},
        {"type": "uk.nhs.footprint.CCGMerged.v2"},
        {"position": 0},
        {"time": "yesterday"},
        {"data": {**example("CCGMerged.v1")["data"], "effective_on": "1 April 2018"}},
        {"data": {**example("CCGMerged.v1")["data"], "predecessors": "10H"}},
        {"data": {}},
    ],
)
def test_the_schema_refuses_what_is_no_such_event(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        check("CCGMerged.v1", example("CCGMerged.v1") | wrong)


def test_the_examples_tell_the_demos_facts_and_say_where_they_do_not() -> None:
    elsewhere = {
        name for name, told in MESSAGES.items() if told["examples"][0]["summary"].startswith("Not in the demo")
    }
    assert elsewhere == NOT_IN_THE_DEMO
    facts = read_records()
    told = {name: example(name)["data"] for name in MESSAGES}
    merger = next(each for each in facts.mergers if each.successor == "14Y")
    for name in ("CCGMerged.v1", "CCGMergerRedated.v1"):
        assert (told[name]["effective_on"], told[name]["successor"]) == (str(merger.day), merger.successor)
        assert set(told[name]["predecessors"]) == set(merger.predecessors)
    assert told["CCGMerged.v1"]["successor_name"] == merger.name
    restated, given = told["AllowanceRestated.v1"], told["AllowanceSet.v1"]
    assert sum(restated["released_pence"]) == restated["amount_pence"]
    assert given["amount_pence"] in restated["released_pence"]
    contracts = {contract.reference: contract for contract in facts.places.contracts}
    signed, moved = told["ContractSigned.v1"], told["ContractTransferred.v1"]
    for event, customers in ((signed, signed["customers"]), (moved, moved["from_customers"])):
        contract = contracts[event["contract"]]
        assert (list(contract.customers), contract.supplier) == (customers, event["supplier"])
    opened = told["OrganisationOpened.v1"]
    assert (opened["code"], opened["name"]) in {(ccg.code, ccg.name) for ccg in facts.ccgs}


def test_what_followed_the_merger_names_it_as_its_cause() -> None:
    merged = example("CCGMerged.v1")
    for name in ("ContractTransferred.v1", "AllowanceRestated.v1", "BodyDissolved.v1", "PostFellVacant.v1"):
        follower = example(name)
        assert (follower["causationid"], follower["correlationid"]) == (merged["id"], merged["correlationid"])
