"""Transfer schemes of staff wait, and continue; what was done before them stays done."""

from datetime import date
from typing import Any

from libs.common.events.registry import CCGMerged, SuccessionUndone, TransferSchemeResumed, TransferSchemeSuspended
from libs.common.identity import Role
from libs.common.process.clock import start_of
from services.registry.core import recording
from tests.registry.applications.applicants import fields, messages
from tests.support.registry_client import RegistryClient

SCHEMES: list[dict[str, Any]] = [
    {"sort": "property"},
    {"sort": "staff", "predecessors": ["10Y"]},
    {"sort": "staff", "predecessors": ["10H"]},
]
WORDS = "Dr Jane Doe waits for her pension"


async def agreed(registry: RegistryClient, *, schemes: list[dict[str, Any]] = SCHEMES) -> None:
    await registry.move_clock("2018-01-10")
    await registry.open("10H", "10Y")
    await registry.merge("14Y", "10Y", "10H", on="2018-04-01", schemes=schemes)


async def act(registry: RegistryClient, what: str, *, scheme: str = "M-14Y-S1", **others: Any) -> dict[str, Any]:
    expect = others.pop("expect", 201)
    reason = "consultation_paused" if what == "suspension" else "consultation_completed"
    body = {"reason": reason, "document": "Letter of the staff side"} | others
    path = f"/mergers/M-14Y/schemes/{scheme}/{what}"
    answer: dict[str, Any] = await registry.call("POST", path, json=body, expect=expect)
    return answer


async def undo(registry: RegistryClient, code: str) -> None:
    """State that the successor of the merger did not succeed a body after all."""
    undone = SuccessionUndone(
        code=code, successor="14Y", effective_on=date(2018, 4, 1), stated_at=start_of(date(2018, 6, 1))
    )
    async with registry.database.begin() as session:
        await recording.record(session, [undone], source=recording.COMMAND, by="a test")


async def lacks(registry: RegistryClient, **asked: str) -> str:
    return messages({"reasons": (await registry.call("GET", "/mergers/M-14Y/readiness", params=asked))["missing"]})


async def test_a_merger_that_has_taken_effect_stays_while_its_staff_wait_and_continue(registry: RegistryClient) -> None:
    await agreed(registry)
    await registry.move_clock("2018-06-01")
    assert await lacks(registry) == ""
    await act(registry, "suspension", words=WORDS)
    await registry.move_clock("2018-08-15")
    assert await lacks(registry) == "the staff transfer scheme M-14Y-S1 of 10Y is suspended since 2018-06-01"
    done = await act(registry, "resumption", effective_on="2018-08-01", reason="terms_agreed")
    assert (done["status"], await registry.status("14Y", "2018-07-01")) == ("carried_out", "open")
    assert await lacks(registry) == await lacks(registry, as_at="2018-05-31") == ""
    assert "M-14Y-S1" in await lacks(registry, as_at="2018-07-31")
    assert "M-14Y-S1" in await lacks(registry, as_known="2018-08-14")
    assert await lacks(registry, as_known="2018-05-31") == ""
    [waited] = [one for one in (await registry.call("GET", "/mergers/M-14Y"))["schemes"] if one["pauses"]]
    assert (waited["reference"], waited["suspended_on"]) == ("M-14Y-S1", None)
    assert [(one["suspended"], one["effective_on"], one["reason"], one["words"]) for one in waited["pauses"]] == [
        (True, "2018-06-01", "consultation_paused", WORDS),
        (False, "2018-08-01", "terms_agreed", ""),
    ]
    told = await registry.told()
    [suspended] = [one for one in told if isinstance(one, TransferSchemeSuspended)]
    [resumed] = [one for one in told if isinstance(one, TransferSchemeResumed)]
    of_the_scheme = {"merger": "M-14Y", "scheme": "M-14Y-S1", "sort": "staff", "successor": "14Y"}
    for one, reason, day in (
        (suspended, "consultation_paused", date(2018, 6, 1)),
        (resumed, "terms_agreed", date(2018, 8, 1)),
    ):
        assert one.model_dump(exclude={"stated_at"}) == {
            **of_the_scheme,
            "predecessors": ("10Y",),
            "reason": reason,
            "effective_on": day,
        }
    assert sum(isinstance(one, CCGMerged) for one in told) == 1
    elsewhere = await registry.call("GET", "/mergers/M-14Y", Role.PARTNER, organisations=("RXX",))
    [shown] = [one for one in elsewhere["schemes"] if one["pauses"]]
    assert [(one["words"], one["document"], one["stated_by"]) for one in shown["pauses"]] == [(None, None, None)] * 2


async def test_before_its_day_a_merger_is_not_ready_until_the_scheme_is_resumed(registry: RegistryClient) -> None:
    await agreed(registry)
    await registry.move_clock("2018-03-20")
    await act(registry, "suspension", scheme="M-14Y-S2")
    early = await registry.call("POST", "/mergers/M-14Y/establishment", expect=409)
    assert early["type"].endswith("/wrong-effective-date")
    await registry.move_clock("2018-04-01")
    assert "CCGMerged" not in await registry.names_told()
    refused = await registry.call("POST", "/mergers/M-14Y/establishment", expect=409)
    assert fields(refused) == {"schemes.staff"}
    assert messages(refused) == "the staff transfer scheme M-14Y-S2 of 10H is suspended since 2018-03-20"
    assert (await act(registry, "resumption", scheme="M-14Y-S2"))["status"] == "carried_out"
    assert await registry.status("14Y", "2018-04-01") == "open"


async def test_what_cannot_wait_or_continue_is_refused_by_name(registry: RegistryClient) -> None:
    await agreed(registry, schemes=[*SCHEMES[:2], {"sort": "staff", "predecessors": ["10H"], "nil_return": True}])

    async def refused(what: str, **others: Any) -> tuple[str, str]:
        problem = await act(registry, what, expect=others.pop("expect", 409), **others)
        return problem["type"].rpartition("/")[2], problem["detail"]

    assert await refused("suspension", scheme="M-14Y-S7", expect=404) == (
        "scheme-not-found",
        "M-14Y has no transfer scheme M-14Y-S7: there are M-14Y-P1, M-14Y-S1, M-14Y-S2",
    )
    assert await refused("suspension", scheme="M-14Y-S2") == ("scheme-ended", "M-14Y-S2 is a nil return")
    assert await refused("resumption") == ("scheme-not-suspended", "M-14Y-S1 was never suspended")
    both = await act(registry, "suspension", scheme="M-14Y-P1", effective_on="2018-01-11", expect=409)
    assert (both["type"].rpartition("/")[2], fields(both)) == ("pause-not-allowed", {"scheme", "effective_on"})
    before = await act(registry, "suspension", effective_on="2018-01-09", expect=409)
    assert messages(before) == "M-14Y-S1 was made on 2018-01-10"
    unknown = await act(registry, "suspension", reason="weather", expect=409)
    assert (unknown["type"].rpartition("/")[2], fields(unknown)) == ("term-unknown", {"reason"})
    await act(registry, "suspension", effective_on="2018-01-10")
    assert await refused("suspension") == ("scheme-suspended-already", "M-14Y-S1 is suspended since 2018-01-10")
    await registry.move_clock("2018-02-01")
    await act(registry, "resumption")
    assert await refused("resumption") == ("scheme-not-suspended", "M-14Y-S1 was resumed on 2018-02-01")
    crossing = await act(registry, "suspension", effective_on="2018-01-31", expect=409)
    assert messages(crossing) == "M-14Y-S1 was resumed on 2018-02-01"
    await act(registry, "suspension")
    merger = await registry.call("GET", "/mergers/M-14Y")
    await registry.change("/mergers/M-14Y/withdrawal", version=merger["version"])
    for what in ("suspension", "resumption"):
        assert await refused(what) == ("scheme-ended", "M-14Y is withdrawn")


async def test_a_scheme_whose_successor_was_merged_again_can_continue_and_not_wait_again(
    registry: RegistryClient,
) -> None:
    await agreed(registry)
    await registry.move_clock("2018-05-01")
    await act(registry, "suspension")
    await registry.open("06H")
    await registry.merge("1WA", "14Y", "06H", on="2018-06-01")
    await registry.move_clock("2018-07-01")
    lead = {"organisations": ("1WA",), "json": {"reason": "terms_agreed", "document": "A letter"}}
    path = "/mergers/M-14Y/schemes/M-14Y-S1/resumption"
    await registry.call("POST", path, Role.GOVERNANCE_LEAD, **lead | {"organisations": ("10Y",)}, expect=403)
    await registry.call("POST", path, Role.GOVERNANCE_LEAD, **lead, expect=201)
    ended = await act(registry, "suspension", expect=409)
    assert messages(ended) == "14Y is closed on 2018-07-01: what M-14Y-S1 moved has passed on"
    await undo(registry, "10Y")
    both = await act(registry, "suspension", scheme="M-14Y-S1", expect=409)
    assert [reason["message"] for reason in both["reasons"]] == [
        "that 14Y succeeded 10Y was undone",
        "14Y is closed on 2018-07-01: what M-14Y-S1 moved has passed on",
    ]


async def test_the_staff_of_one_body_continue_where_another_of_their_scheme_did_not_follow(
    registry: RegistryClient,
) -> None:
    await agreed(registry, schemes=[{"sort": "property"}, {"sort": "staff"}])
    await registry.move_clock("2018-05-01")
    await act(registry, "suspension")
    await registry.move_clock("2018-06-01")
    await undo(registry, "10Y")
    await act(registry, "resumption")
    await undo(registry, "10H")
    ended = await act(registry, "suspension", expect=409)
    assert [reason["message"] for reason in ended["reasons"]] == [
        "that 14Y succeeded 10H was undone",
        "that 14Y succeeded 10Y was undone",
    ]
