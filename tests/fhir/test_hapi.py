"""The validator itself: it names planted faults, and finds in NHS England's own samples only what it cannot know."""

import json
import os
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.fhir.hapi import Validator

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "fhir-ods-samples" / "fhir_r4_ods_examples.json"

PROFILE_NOT_HERE = re.compile(
    r"(Profile reference|Failed to retrieve profile with url=).*/StructureDefinition/(UKCore|England)-Organization"
)

SOUND: dict[str, Any] = {
    "resourceType": "Organization",
    "id": "13T",
    "meta": {"versionId": "1", "lastUpdated": "2015-04-01T00:00:00+01:00"},
    "extension": [
        {
            "url": "https://fhir.nhs.uk/England/StructureDefinition/Extension-England-TypedPeriod",
            "extension": [
                {"url": "dateType", "valueCoding": {"code": "Legal"}},
                {"url": "period", "valuePeriod": {"start": "2015-04-01", "end": "2021-03-31"}},
            ],
        }
    ],
    "identifier": [{"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "13T"}],
    "active": False,
    "name": "NHS NEWCASTLE GATESHEAD CCG",
    "telecom": [{"system": "phone", "value": "0191 000 0000"}],
}


def test_a_sound_organization_has_no_fault(validator: Validator) -> None:
    assert validator.faults(SOUND) == []


@pytest.mark.parametrize(
    ("planted", "place", "named"),
    [
        ({"nickname": "x"}, "Organization", "Unrecognized property 'nickname'"),
        ({"active": "yes"}, "Organization.active", "must be a boolean"),
        ({"id": "13 T!"}, "Organization.id", "13 T!"),
        ({"meta": {"lastUpdated": "2015-13-01"}}, "Organization.meta.lastUpdated", "2015-13-01"),
        ({"telecom": [{"system": "pigeon", "value": "1"}]}, "Organization.telecom[0].system", "pigeon"),
        ({"telecom": [{"value": "1"}]}, "Organization.telecom[0]", "A system is required"),
        ({"address": [{"postalCode": 5}]}, "Organization.address[0].postalCode", "must be a string"),
        ({"name": None, "identifier": None}, "Organization", "at least have a name or an identifier"),
        (
            {"extension": [{"url": "http://footprint.invalid/x", "valueDate": "1.4.2015"}]},
            "Organization.extension[0]",
            "Not a valid date",
        ),
        (
            {
                "extension": [
                    {"url": "http://footprint.invalid/x", "valuePeriod": {"start": "2015-04", "end": "2014-04"}}
                ]
            },
            "Organization.extension[0]",
            "start SHALL have a lower value than end",
        ),
    ],
)
def test_a_planted_fault_is_named_where_it_stands(
    validator: Validator, planted: dict[str, Any], place: str, named: str
) -> None:
    broken = {name: value for name, value in (deepcopy(SOUND) | planted).items() if value is not None}
    assert [fault for fault in validator.faults(broken) if fault.startswith(place) and named in fault]


@pytest.mark.data
def test_nothing_is_wrong_with_nhs_englands_own_samples_but_profiles_that_are_not_here(validator: Validator) -> None:
    if not SAMPLES.is_file():
        assert os.environ.get("CI") != "true", f"CI has to have them: {SAMPLES}"
        pytest.skip(f"the public files are not there: {SAMPLES}")
    samples = [sample["resource"] for sample in json.loads(SAMPLES.read_text(encoding="utf-8"))]
    faults = [fault for sample in samples for fault in validator.faults(sample)]
    assert len(samples) == 4
    assert faults
    assert [fault for fault in faults if not PROFILE_NOT_HERE.search(fault)] == []
