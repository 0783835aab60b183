"""Acts on proposals over HTTP: each moves the state, and what contradicts a minute or is not listed is refused."""

from datetime import date
from typing import Any

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import GovernanceHarness

BODY = "10H-governing-body"


async def test_each_act_moves_the_state_of_a_proposal(harness: GovernanceHarness, url: str, tokens: Tokens) -> None:
    await harness.body("10H")
    await harness.grant("10H", value_limit_pence=None)
    bus, lead = DirectBus({"registry": url}), tokens.header(Role.GOVERNANCE_LEAD, organisations=("10H",))
    async with running_service("governance", tokens.settings(url), bus, lead) as (_, client):

        async def day(moved_to: str) -> None:
            operator = tokens.header(Role.OPERATOR)
            await client.put("/v1/operations/clock", json={"moved_to": moved_to}, headers=operator)

        async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = await client.post(f"/v1/{path}", json=body)
            shown: dict[str, Any] = answer.json()
            return shown if answer.is_success else {"refused": shown["type"].rpartition("/")[2]}

        await day("2017-03-01")
        asked = {"organisation": "10H", "kind": "merger", "action": "contract.award", "subject": "10H"}
        made = await post("proposals", {**asked, "due_on": "2017-04-01", "draft": True})
        path = f"proposals/{made['proposal']}"
        assert (made["state"], made["not_consulted"]) == ("draft", ["members"])
        assert await harness.told("ProposalOpened") == []
        assert (await post(f"{path}/opening", {}))["state"] == "open"
        assert (await post(f"{path}/opening", {}))["refused"] == "proposal-not-open"
        consulted = await post(f"{path}/consultations", {"consulted": "members", "position": "supports"})
        assert (consulted["state"], consulted["not_consulted"]) == ("consulted", [])
        before = {"consulted": "members", "position": "supports", "on": "2017-02-28", "document": "Minutes"}
        assert (await post(f"{path}/consultations", before))["refused"] == "ends-before-it-begins"
        unlisted = {"consulted": "astrologers", "position": "supports"}
        assert (await post(f"{path}/consultations", unlisted))["refused"] == "reason-not-listed"

        await day("2017-06-01")
        off: dict[str, Any] = {"body": BODY, "from_on": "2017-06-01", "until_on": "2017-08-01"}
        deferred = await post(f"{path}/deferrals", {**off, "reason": "consultation-under-way"})
        assert (deferred["state"], deferred["consents"][0]["overdue"]) == ("deferred", False)
        [told] = await harness.told("DecisionDeferred")
        assert (told["lawful"], told["until_on"], told["organisation"]) == (True, "2017-08-01", "10H")
        later = (await client.get(f"/v1/{path}", params={"as_at": "2017-08-01"})).json()
        assert (later["state"], later["consents"][0]["overdue"]) == ("consulted", True)

        await day("2017-08-02")
        met: dict[str, Any] = {"on": date(2017, 8, 2), "conditions": ("staff-consulted", "case-signed")}
        await harness.decide(made["proposal"], BODY, "approved_with_conditions", **met)
        against = {"consulted": "partner-bodies", "body": BODY, "position": "opposes"}
        assert (await post(f"{path}/consultations", against))["refused"] == "minute-contradicts"
        shown = {"document": "Letter, 2 August 2017"}
        first = await post(f"{path}/conditions/case-signed/evidence", shown)
        assert (first["unmet"], first["in_effect"]) == (["staff-consulted"], False)
        assert (await post(f"{path}/conditions/another/evidence", shown))["refused"] == "no-such-condition"
        early = await post(f"{path}/conditions/within-budget/evidence", shown | {"on": "2017-02-28"})
        assert early["state"] == "consulted", "it is shown as on the first day of the proposal"
        second = await post(f"{path}/conditions/staff-consulted/evidence", shown)
        assert (second["unmet"], second["in_effect"], second["state"]) == ([], True, "decided")
        before = {"reason": "overtaken", "on": "2017-08-01", "document": "Letter, 1 August 2017"}
        for withdrawal in ({"reason": "overtaken"}, before):
            assert (await post(f"{path}/withdrawal", withdrawal))["refused"] == "proposal-not-open"
        never = await post("proposals", {**asked, "due_on": "2017-09-01", "draft": True})
        assert (await post(f"proposals/{never['proposal']}/withdrawal", {"reason": "overtaken"}))[
            "state"
        ] == "withdrawn"

        other = await post("proposals", {**asked, "due_on": "2017-09-01"})
        gone = await post(f"proposals/{other['proposal']}/withdrawal", {"reason": "overtaken"})
        assert gone["state"] == "withdrawn"
        [withdrawn] = await harness.told("ProposalWithdrawn")
        assert (withdrawn["proposal"], withdrawn["reason"]) == (other["proposal"], "overtaken")
