"""With any one event left out a dossier stays open and names the step, over HTTP; once it comes, it is sealed."""

from string import ascii_uppercase
from typing import Any

from libs.common.events import Event
from libs.common.identity import Role
from services.governance.core.catalogue import PACKS
from services.governance.dossiers.steps import SUBJECT
from tests.governance.dossiers.stories import MERGED, SEEN, STORIES, Story
from tests.governance.meetings.conftest import BODY, MeetingBody, met

__all__ = ["met"]


COMES_FIRST = ("case", "planned")
"""Of a plan that governance does not know, or a case that is not appraised, there is no proposal."""


async def with_a_body(met: MeetingBody, code: str) -> None:
    """A CCG whose chair may act alone between meetings, and has the right to apply for a merger."""
    await met.harness.hear_of_ccgs(code)
    body = await met.harness.body(code, "Chair")
    await met.harness.appoint(f"{code}/chair", "chair")
    await met.harness.state_terms(body, urgent={"roles": ["chair"]})
    await met.harness.grant(code, function=None, action="merger.apply", value_limit_pence=None)


async def decided(met: MeetingBody, story: Story) -> str:
    """The chair decides for the body between meetings; the decision's id."""
    harness, code, day = met.harness, story.organisation, SEEN.isoformat()
    if story.before:
        await harness.hear(*story.before)
    asked: dict[str, Any] = {"kind": story.kind, "action": story.action, "subject": story.subject}
    asked |= {"value_pence": 0, "annual_pence": 0} | ({"case": story.case, "case_version": 1} if story.case else {})
    proposal = await harness.propose(code, on=SEEN, **asked)
    if story.kind == "merger":
        sought = {"consulted": "members", "position": "supports"}
        await met.call("POST", f"proposals/{proposal}/consultations", sought)
    acting = {"body": f"{code}-governing-body", "acted_on": day, "proposal": proposal, "acted_by": [met.ids["chair"]]}
    return str((await met.call("POST", "urgent-actions", acting))["decision"])


async def test_any_one_event_left_out_is_named_and_the_dossier_stays_open_until_it_comes(met: MeetingBody) -> None:
    met.client.headers.update(met.tokens.header(Role.GOVERNANCE_LEAD, organisations=("*",)))
    await met.harness.state_terms(BODY, first_day=SEEN, urgent={"roles": ["chair"]})
    for action in ("consolidation", "contract", "budget"):
        await met.harness.grant("10H", function=None, action=action, value_limit_pence=None, recurrent=True)
    left_out: dict[str, tuple[str, str]] = {}
    later: list[Event] = []
    of_mergers: dict[str, str] = {}
    for number, story_of in enumerate(STORIES):
        # Of the events that one step is for, such as two schemes, the last.
        names = {step: name for name, (_, step, _) in story_of("0Z").follows("").items()}
        for letter, name in zip(ascii_uppercase, names.values(), strict=False):
            story = story_of(f"{number}{letter}")
            if story.organisation != "10H":
                await with_a_body(met, story.organisation)
            decision = await decided(met, story)
            events = story.follows(decision)
            event, step, about = events.pop(name)
            await met.harness.hear(*(one for one, _, _ in events.values()))
            left_out[decision] = (step, about)
            of_mergers |= {story.organisation: decision} if story.kind == "merger" else {}
            later.append(event)

    await met.day(MERGED.isoformat())
    for decision, (step, about) in left_out.items():
        state = await met.call("GET", f"decisions/{decision}/dossier", expect=200)
        named = [(one["step"], one["about"]) for one in state["missing"]]
        assert (state["state"], named) == ("open", [(step, about)])
    assert await met.told("DossierSealed") == []

    await met.harness.hear(*later)
    await met.day("2017-03-03")
    for decision in left_out:
        state = await met.call("GET", f"decisions/{decision}/dossier", expect=200)
        assert (state["state"], state["missing"]) == ("sealed", []), left_out[decision]
    [pack] = [one for one in PACKS if one.subject == SUBJECT]
    needed = {step["step"] for story_of in STORIES for step in pack.values["kinds"][story_of("0Z").kind]}
    assert {step for step, _ in left_out.values()} == needed - {*COMES_FIRST, "schemes"}

    # The body of 81A is gone: its successor reads what it decided, and the other predecessor does not.
    for reader, status in (("91A", 200), ("71A", 403)):
        headers = met.tokens.header(Role.GOVERNANCE_LEAD, organisations=(reader,))
        for route in ("dossier", "dossier/entries", "dossier.zip"):
            answer = await met.client.get(f"/v1/decisions/{of_mergers['81A']}/{route}", headers=headers)
            assert answer.status_code == status, (reader, route)
