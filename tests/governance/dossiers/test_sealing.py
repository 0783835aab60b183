"""A decision of a meeting: its dossier is sealed, verifies by its published head after an erasure, and goes on."""

import hashlib
import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

from libs.common.database.connection import Database
from services.governance.dossiers.rules import digest_of
from tests.governance.meetings.conftest import MeetingBody, met
from tests.governance.subjects.test_subjects import a_life
from tests.support.dossiers import INTACT, verdict

__all__ = ["met"]

MET = "2017-03-30"
PUT, CAST, CLOSED = (f"{MET}T14:{minute}:00Z" for minute in (35, 40, 50))
NAME, WRONG = "Nayme Voter", "Wrong Spelling"
PAPER = "b" * 64


async def tables_with(database: Database, text: str) -> set[str]:
    """Every table of the service in which a text stands anywhere."""
    tables = await database.fetch("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    found = set()
    for table in (row["table_name"] for row in tables):
        rows = await database.fetch(f'SELECT row_to_json(t)::text AS row FROM "{table}" t')
        # What is binary is shown in hex.
        if any(text in row["row"] or text.encode().hex() in row["row"] for row in rows):
            found.add(table)
    return found


async def renamed(met: MeetingBody, short: str, name: str, *, version: int = 1) -> None:
    named: dict[str, Any] = {"json": {"display_name": name}, "headers": {"If-Match": f'"{version}"'}}
    assert (await met.client.put(f"/v1/people/{met.ids[short]}", **named)).status_code == 200


async def erased(met: MeetingBody, short: str, *, version: int) -> tuple[int, list[str]]:
    """The status of a request to erase a person, and why it was refused."""
    path, headers = f"people/{met.ids[short]}/erasure", {"If-Match": f'"{version}"'}
    answer = await met.client.post(f"/v1/{path}", headers=headers)
    problem = answer.json() if answer.content else {}
    assert answer.status_code == 204 or problem["type"].endswith("/retention-not-over"), answer.text
    return answer.status_code, [one["message"] for one in problem.get("reasons", ())]


async def decided(met: MeetingBody) -> str:
    """The body changes its constitution at a meeting at which the chair is recused; the decision's id."""
    await renamed(met, "gp", NAME)
    await renamed(met, "lay2", WRONG)
    await met.harness.grant("10H", function=None, action="constitution", value_limit_pence=None)
    await met.harness.hear(a_life()[0])
    day = date.fromisoformat("2017-03-01")
    asked: dict[str, Any] = {"kind": "constitution", "action": "constitution.change", "subject": "K-1"}
    proposal = await met.harness.propose("10H", on=day, value_pence=0, annual_pence=0, **asked)
    paper = {"title": "A paper with a title", "stage": "design", "sha256": PAPER, "document": "Paper 7, where it lies"}
    await met.call("POST", f"proposals/{proposal}/papers", paper)
    interest = {"organisation": "10H", "person": met.ids["chair"], "type": "financial", "relation": "partner_in"}
    known = {"other": "0CX", "nature": "partner", "aware_on": "2017-03-01", "first_day": "2016-04-01"}
    await met.call("POST", "interests", interest | known)
    meeting = await met.meeting(MET, notice="2017-03-01")
    item = await met.item(meeting, proposal=proposal)
    await met.day(MET)
    await met.attend(meeting, chair="14:00", gp="14:00", lay="14:00", lay2="14:00")
    await met.call("POST", f"items/{item}/motion", {"put_at": PUT})
    recusal = {"person": met.ids["chair"], "action": "no_papers", "decided_at": PUT, "decided_by": met.ids["lay"]}
    await met.call("POST", f"items/{item}/recusals", recusal)
    ballots = met.ballots(gp="for", lay="for", lay2="against")
    await met.call("POST", f"items/{item}/votes", {"cast_at": CAST, "ballots": ballots})
    closed = await met.call("POST", f"items/{item}/result", {"closed_at": CLOSED})
    return str(closed["result"]["decision"])


async def who_left_is_erased_after_six_years(met: MeetingBody) -> None:
    database, person = met.harness.database, met.ids["gp"]
    [appointment] = (await met.call("GET", f"people/{person}", expect=200))["appointments"]
    left: dict[str, Any] = {
        "json": {"last_day": "2017-03-31", "reason": "resigned", "note": f"{NAME} told the chair"},
        "headers": {"If-Match": '"1"'},
    }
    ended = await met.client.post(f"/v1/appointments/{appointment['appointment']}/ending", **left)
    assert ended.status_code == 201, ended.text
    await met.call("PUT", f"people/{person}/account", {"subject": f"account of {NAME}"}, expect=200)
    await met.day("2023-03-31")
    assert await tables_with(database, WRONG) == set(), "what was corrected"
    last = f"{person} last acted on 2017-03-31 and is kept up to and including 2023-03-31 by people-kept-2000"
    assert await erased(met, "gp", version=2) == (409, [f"{last}; it is 2023-03-31"])
    assert await tables_with(database, NAME) == {"person", "person_account", "act", "dossier_value"}
    await met.day("2023-04-01")
    assert await erased(met, "gp", version=2) == (204, [])
    await met.day("2023-04-02")


async def test_a_dossier_is_sealed_when_whole_and_verifies_after_an_erasure(met: MeetingBody, tmp_path: Path) -> None:
    decision = await decided(met)
    path = f"decisions/{decision}/dossier"
    await met.day("2017-03-31")
    state = await met.call("GET", path, expect=200)
    assert (state["state"], state["missing"]) == ("sealed", [])
    [part] = state["parts"]
    [sealed] = await met.told("DossierSealed")
    assert (sealed["decision"], sealed["organisation"], sealed["organisations"]) == (decision, "10H", ["10H"])
    assert (sealed["entries"], sealed["head"], sealed["previous"]) == (part["entries"], part["head"], "")

    listed = (await met.call("GET", f"{path}/entries", expect=200))["items"]
    kinds = [one["kind"] for one in listed]
    assert kinds.count("vote") == 3
    assert {"proposal", "consent", "meeting", "exclusion", "result", "authority", "decision"} <= set(kinds)
    fields = {one["kind"]: one["fields"] for one in listed}
    assert fields["exclusion"]["person"] == met.ids["chair"]
    assert fields["result"]["filled"] == [met.ids["gp"], met.ids["lay"]]
    assert fields["authority"]["answer"]["10H"]["power"] == "ccg-functions-2013"
    database = met.harness.database
    [row] = await database.fetch("SELECT number, salt, value FROM dossier_value WHERE value = $1", NAME)
    vote = next(one for one in listed if one["number"] == row["number"])
    assert vote["fields"]["name"] == {"sha256": digest_of(row["salt"], row["value"])}

    assert await tables_with(database, NAME) == {"person", "dossier_value"}
    assert await tables_with(database, row["salt"].hex()) == {"dossier_value"}
    committed = hashlib.sha256(f"{fields['paper']['paper']}{PAPER}".encode()).hexdigest()
    assert (fields["paper"]["commitment"], fields["paper"]["stage"]) == (committed, "design")
    assert await tables_with(database, "A paper with a title") == {"paper"}, "who has no papers reads its dossier"
    assert fields["interest"]["person"] == met.ids["chair"]
    conflict = fields["conflict"]
    assert (conflict["person"], conflict["party"], conflict["type"]) == (met.ids["chair"], "0CX", "financial")
    assert conflict["edges"] == [fields["interest"]["interest"]]
    assert set(fields["interest"]["content"]) == {"sha256"}, "who reads it in full is a right"
    assert await tables_with(database, WRONG) == {"person", "dossier_value"}
    await renamed(met, "lay2", "Right Spelling", version=2)
    assert (await erased(met, "chair", version=1)) == (
        409,
        [
            f"{met.ids['chair']} holds a post, or is named as a deputy for one",
            f"{met.ids['chair']} has interests that are not purged: {fields['interest']['interest']}",
        ],
    )
    await who_left_is_erased_after_six_years(met)
    for gone in (NAME, row["salt"].hex()):
        assert await tables_with(database, gone) == set(), "database, dossier, log and events"
    exported = (await met.client.get(f"/v1/{path}.zip")).content
    assert verdict(tmp_path, exported, sealed["head"]) == INTACT
    with zipfile.ZipFile(io.BytesIO(exported)) as files:
        assert NAME not in "".join(files.read(name).decode() for name in files.namelist())
        lines = files.read("entries.jsonl").splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(1, sealed["entries"] + 1))

    meeting = f"meetings/10H-governing-body-{MET}"
    await met.call("POST", f"{meeting}/held", {})
    await met.call("POST", f"{meeting}/minutes", {"sha256": "a" * 64, "document": "Draft"})
    await met.day("2017-04-01")
    _, further = (await met.call("GET", path, expect=200))["parts"]
    assert (further["previous"], further["head"]) == (sealed["head"], None)
    assert further["entries"] == sealed["entries"] + 2, "held, and minutes in draft"
    await met.day("2017-05-02")
    _, continued = await met.told("DossierSealed")
    assert (continued["entries"], continued["previous"]) == (further["entries"], sealed["head"])
    assert await database.fetch("SELECT reference FROM dossier_mark") == [], "all that was recorded was looked at"
    exported = (await met.client.get(f"/v1/{path}.zip")).content
    assert verdict(tmp_path, exported, continued["head"])[0] == 0
    assert verdict(tmp_path, exported, sealed["head"])[0] == 1, "more than the first part"
