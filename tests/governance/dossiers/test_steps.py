"""Which steps a dossier lacks: any one left out is named, and what ended asks for none after it."""

from dataclasses import replace
from datetime import date

import pytest

from libs.common.events import CATALOGUE
from services.governance.core.catalogue import PACKS
from services.governance.dossiers.events import ATTACHMENTS
from services.governance.dossiers.steps import SUBJECT, Expected, MissingStep, Recorded, expected_on, missing

DAY = date(2018, 4, 1)
ACTS = [Recorded(kind, {}) for kind in ("proposal", "consent", "meeting", "vote", "result", "authority", "decision")]
CONSOLIDATION = [
    *ACTS,
    Recorded("CaseAppraised", {}),
    Recorded("ConsolidationPlanned", {"plan": "P-1"}),
    Recorded("ConsolidationAgreed", {"plan": "P-1", "contract": "C-9", "replaced": ["C-1", "C-2"]}),
    Recorded("ContractSigned", {"contract": "C-9"}),
    Recorded("SavingContracted", {}),
    Recorded("ContractTerminated", {"contract": "C-1"}),
    Recorded("ContractTerminated", {"contract": "C-2"}),
    Recorded("ServiceConsolidated", {}),
    Recorded("SavingRealised", {}),
]
MERGER = [
    *ACTS,
    Recorded("MergerApplied", {}),
    Recorded("MergerApplicationDetermined", {"outcome": "approved_with_conditions", "conditions": ["Rules", "Staff"]}),
    Recorded("CCGMergerAgreed", {}),
    *[Recorded("MergerConditionMet", {"condition": number}) for number in (1, 2)],
    *[Recorded("TransferSchemeMade", {"scheme": scheme}) for scheme in ("P1", "P2", "S1", "S2")],
    Recorded("CCGMerged", {"property_schemes": ["P1", "P2"], "staff_schemes": ["S1", "S2"]}),
]


def expected(kind: str, outcome: str = "approved") -> Expected:
    found = expected_on(DAY, kind, outcome)
    assert found is not None
    return found


@pytest.mark.parametrize(("kind", "whole"), [("consolidation", CONSOLIDATION), ("merger", MERGER)])
def test_any_one_entry_left_out_is_named(kind: str, whole: list[Recorded]) -> None:
    assert missing(expected(kind), whole) == []
    for left_out in range(len(whole)):
        entries = whole[:left_out] + whole[left_out + 1 :]
        lacking = missing(expected(kind), entries)
        named = {step.step for step in lacking}
        of = {
            name for step in (*expected(kind).always, *expected(kind).later) if step.code in named for name in step.of
        }
        if whole[left_out].kind != "MergerApplicationDetermined":
            assert whole[left_out].kind in of, whole[left_out]
        assert lacking, whole[left_out]


def test_what_is_missing_of_several_is_named() -> None:
    entries = [one for one in CONSOLIDATION if one.fields.get("contract") != "C-2"]
    assert missing(expected("consolidation"), entries) == [
        MissingStep("replaced", "Each contract that it replaces ended", "C-2")
    ]


def test_a_rejection_and_what_ended_need_nothing_after_the_decision() -> None:
    assert missing(expected("consolidation", "rejected"), ACTS) == []
    one_left = Recorded("ConsolidationWithdrawn", {"revision": 3})
    assert [step.step for step in missing(expected("consolidation"), [*ACTS, one_left])][:2] == ["case", "planned"]
    ended = [Recorded(kind, {}) for kind in ("reversal", "proposal-withdrawn", "proposal-void")]
    for end in (*ended, Recorded("ConsolidationWithdrawn", {"revision": 0})):
        assert missing(expected("consolidation"), [*ACTS, end]) == []
        assert [step.step for step in missing(expected("consolidation"), [end])] == [
            step.code for step in expected("consolidation").always
        ]


def test_an_application_that_was_refused_or_withdrawn_needs_no_merger() -> None:
    for outcome in ("rejected", "withdrawn"):
        determined = Recorded("MergerApplicationDetermined", {"outcome": outcome, "conditions": []})
        assert missing(expected("merger"), [*ACTS, determined]) == []
    put_off = Recorded("MergerApplicationDetermined", {"outcome": "deferred", "conditions": []})
    assert "applied" in {step.step for step in missing(expected("merger"), [*ACTS, put_off])}


def test_a_condition_that_is_not_met_is_named_by_its_number() -> None:
    entries = [one for one in MERGER if one.fields.get("condition") != 2]
    assert missing(expected("merger"), entries) == [MissingStep("conditions", "Each condition was met", "2")]


def test_a_contract_that_was_only_amended_has_not_ended() -> None:
    entries = [*ACTS, Recorded("TerminationPriced", {}), Recorded("ContractVaried", {"reason": "amended"})]
    assert [step.step for step in missing(expected("termination"), entries)] == ["ended"]
    left = Recorded("ContractVaried", {"reason": "associate_left"})
    assert missing(expected("termination"), [*entries, left]) == []


def test_an_urgent_action_has_no_meeting_and_no_votes() -> None:
    urgent = [Recorded(kind, {}) for kind in ("proposal", "consent", "urgent-action", "authority", "decision")]
    assert missing(expected("constitution"), urgent) == []


def test_a_row_of_the_pack_changes_what_is_missing() -> None:
    [pack] = [one for one in PACKS if one.subject == SUBJECT]
    kinds = pack.values["kinds"] | {"constitution": [{"step": "s", "title": "S", "of": ["ContractSigned"]}]}
    changed = pack.model_copy(update={"values": pack.values | {"kinds": kinds}})
    found = expected_on(DAY, "constitution", "approved", packs=[changed])
    assert found is not None
    assert [step.step for step in missing(found, ACTS)] == ["s"]
    assert missing(replace(found, later=()), ACTS) == []
    assert expected_on(date(2013, 3, 31), "constitution", "approved") is None


def test_every_event_that_a_pack_names_is_heard_and_attached_by_fields_that_it_has() -> None:
    acts = {"proposal", "consent", "meeting", "urgent-action", "result", "vote", "authority", "decision", "reversal"}
    heard = {event.event_name for event in ATTACHMENTS}
    for pack in (one for one in PACKS if one.subject == SUBJECT):
        for kind in pack.values["kinds"]:
            found = expected_on(pack.effective_from, kind, "approved")
            assert found is not None
            assert found.events <= heard, kind
            assert {name for step in found.always for name in step.of} <= acts
            assert {end.kind for end in found.ends} <= heard | acts | {"proposal-withdrawn", "proposal-void"}
            for step in (one for one in found.later if one.each is not None):
                assert step.each is not None
                for name in step.each.entries:
                    assert step.each.field in CATALOGUE[name, 1].model_fields
                for name in step.of:
                    assert step.each.matches in CATALOGUE[name, 1].model_fields
    for event, attachment in ATTACHMENTS.items():
        assert {*attachment.by, *attachment.gives} <= set(event.model_fields), event
