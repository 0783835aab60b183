"""Who sees what of the registry: every read and both feeds, as everybody, compared with a table.

The register is open to every signed-in caller. What is written for parties is theirs alone: an application's content,
the words of conditions, of evidence and of care models, and who recorded a statement. A watch list is its owner's.
"""

from dataclasses import dataclass

import httpx
from fastapi.routing import APIRoute

from libs.common.http.transactions import READING, QuestionRoute
from libs.common.identity import Role
from services.registry.core.terms import title_of
from services.registry.routes import ROUTERS
from tests.registry.applications.applicants import an_application
from tests.registry.conftest import registry, url
from tests.support.builders import a_practice
from tests.support.edge import version_in
from tests.support.registry_client import RegistryClient

__all__ = ["registry", "url"]

WORDS, AUTHOR = "Confidential words", "somebody"
"""What stands in every field for words; and the subject who wrote all of it, the owner of the watch list."""
LEAD = Role.GOVERNANCE_LEAD

OPEN = {
    "get_organisation": "organisations/10H",
    "list_organisations": "organisations?kind=ccg",
    "list_roles": "organisations/10H/roles",
    "list_identifiers": "organisations/10H/identifiers",
    "get_bearer": "identifiers/ons/E38000215",
    "get_lineage": "organisations/14Z/lineage",
    "get_crosswalk": "crosswalks?from_day=2018-04-01&to_day=2021-04-01",
    "list_changes": "changes?from=2019-01-01&to=2021-04-01",
    "list_sources": "sources",
    "list_conflicts": "conflicts",
    "count_findings": "findings/counts",
    "list_findings": "findings?sort=several_successors",
    "get_populations": "organisations/10H/populations",
    "get_matrix": "federations/matrix",
    "get_standing": "federations/SUFFED/standing",
    "find_organisations": "search?text=NHS",
    "list_members": "organisations/10H/members",
    "get_tree": "organisations/10H/tree",
    "export_organisations": "exports/organisations",
    "list_mergers": "mergers",
    "preview_merger": "merger-previews?predecessor=10Q&predecessor=10V&effective_on=2022-04-01",
    "list_merger_procedures": "merger-procedures",
    "list_clusters": "clusters",
    "get_cluster": "clusters/CL-QHM",
    "list_covers": "covers",
    "list_cover_findings": "covers/findings",
    "list_covered": "covers/10H/practices",
    "list_relations": "organisations/RX1/relations",
    "read_capability_statement": "fhir/R4/metadata",
    "read_organization": "fhir/R4/Organization/10H",
    "search_organizations": "fhir/R4/Organization?_id=10H",
    "search_affiliations": "fhir/R4/OrganizationAffiliation?primary-organization=10H",
}
"""The reads that are open, alike, to every signed-in caller."""

PARTIES: dict[str, tuple[str, frozenset[str]]] = {
    "get_application": ("merger-applications/A-14X", frozenset({"10D", "10E"})),
    "list_applications": ("merger-applications?code=14Z", frozenset({"10A", "10B", "14Z"})),
    "get_merger": ("mergers/M-14Z", frozenset({"10A", "10B", "14Z"})),
    "get_merger_readiness": ("mergers/M-14Z/readiness", frozenset({"10A", "10B", "14Z"})),
    "get_care_model": ("care-models/10H-MCP", frozenset({"10H", "RX1", "RX2"})),
    "list_care_models": ("care-models", frozenset({"10H", "RX2"})),
    "get_organisation_history": ("organisations/10A/history", frozenset({"10A", "14Z"})),
    "list_population_statements": ("organisations/10H/populations/statements", frozenset({"10H"})),
    "list_all": ("reorganisations", frozenset({"10Q", "10V"})),
    "get_one": ("reorganisations/R-10Q", frozenset({"10Q", "10V"})),
}
"""The reads with something for parties, and the bodies whose callers read that.

10F left A-14X and reads it as known before; RX1 was a partner of 10H-MCP, and RX2 is; 14Z succeeded 10A and 10B; a part
of 10Q went to 10V.
"""

OWN = ("watch-lists", "watch-lists/1", "watch-lists/1/bodies", "watch-lists/1/changes")
"""The reads of the owner's watch list."""
OTHERS = {
    "list_merger_findings",
    "read_affiliation",
    "refuse_other_resources",
    "restate",
    "look_up",
    "count_organisations",
    "list_import_forms",
    "get_import_preview",
    "list_previewed_bodies",
    "list_previewed_findings",
    "list_refused_lines",
    "post_search_of_organizations",
    "post_search_of_affiliations",
}
"""Reads with no path of their own here: an affiliation's id is computed, other FHIR resources are refused, and what is
posted is computed from what is open, or searches what is open by a form; counts are of what is open, and previews are a
loader's (`tests/security/test_uploads.py`). Findings about mergers are their parties' (`tests/registry/tasks`)."""


@dataclass(frozen=True)
class Somebody:
    """Who asks."""

    organisations: tuple[str, ...] = ()
    roles: tuple[Role, ...] = (LEAD,)
    everything: bool = False


BODIES = ("10A", "10B", "10D", "10E", "10F", "10H", "10Q", "10V", "14Z", "RX1", "RX2")
EVERYBODY: dict[str, Somebody] = {
    **{f"lead of {code}": Somebody((code,)) for code in BODIES},
    "lead of a code that does not exist": Somebody(("ZZ9",)),
    "lead of no organisation": Somebody(()),
    "partner of no organisation": Somebody((), (Role.PARTNER,)),
    "registrar of a stranger": Somebody(("RX9",), (Role.REGISTRAR, Role.NHS_ENGLAND, Role.LOADER)),
    "operator": Somebody(("*",), (Role.OPERATOR,)),
    "a code and no role": Somebody(("10A",), ()),
    "national": Somebody(("*",), (Role.NHS_ENGLAND,), everything=True),
}


async def prepared(registry: RegistryClient) -> None:
    """A register in which everything that can be written for parties is written, all by one subject."""
    await registry.move_clock("2019-09-01")
    await registry.open("10A", "10B", "10D", "10E", "10F", "10H", "10Q", "10V")
    await registry.open("RX1", "RX2", kind="nhs_trust")
    await registry.open("QHM", "QF7", kind="icb", on="2022-07-01")
    await registry.call("POST", "/organisations", json=a_practice("K82001", parent="10H"))
    code = {"system": "ons", "identifier": "E38000215", "effective_on": "2014-04-01"}
    await registry.change("/organisations/10H/identifiers", version=1, body=code)
    hosting = {"relation": "hosts", "other": "RX2", "effective_on": "2018-04-01"}
    await registry.call("POST", "/organisations/RX1/relations", json=hosting)
    clustered = {"name": "North", "icbs": ["QHM", "QF7"], "shares": ["chair"], "effective_on": "2025-10-01"}
    await registry.call("POST", "/clusters", json=clustered)
    count = {"basis": "registered", "people": 250_000, "effective_on": "2019-04-01"}
    await registry.call("POST", "/organisations/10H/populations", json=count)
    federation = {"code": "SUFFED", "name": "A federation", "effective_on": "2013-04-01", "remit": "quality"}
    await registry.call("POST", "/federations", json={**federation, "legal_form": "cic_limited_by_guarantee"})
    watched = {"name": "Mine", "codes": ["10A", "10F"], "footprints": ["10H"]}
    await registry.call("POST", "/watch-lists", json=watched)
    await _applications(registry)
    model = {"reference": "10H-MCP", "model": "mcp", "name": "A provider", "place": "10H"}
    await registry.call("POST", "/care-models", json={**model, "partners": ["RX1"], "services": WORDS, "note": WORDS})
    replanned = {"planned_for": "2020-04-01", "partners": ["RX2"], "note": WORDS}
    await registry.change("/care-models/10H-MCP/replanning", version=1, body=replanned)


async def _applications(registry: RegistryClient) -> None:
    """A-14Z is approved and carried out; 10F leaves A-14X, which is edited and judged after that."""
    content = {
        "constitution": WORDS,
        "documents": [WORDS],
        "factors": [{"factor": "stewardship", "evidence": WORDS}],
    }
    for successor, applicants in (("14Z", ("10A", "10B")), ("14X", ("10D", "10E", "10F"))):
        application = an_application(successor, *applicants, **content)
        await registry.call("POST", "/merger-applications", json=application)
    approval = {"conditions": [{"condition": "constitution", "words": WORDS}], "reasons": [WORDS]}
    schemes = [{"sort": "property", "nil_return": True}, {"sort": "staff"}]
    determined = {"outcome": "approved_with_conditions", **approval, "schemes": schemes}
    await registry.change("/merger-applications/A-14Z/determination", version=1, body=determined)
    evidence = {"met_on": "2019-09-01", "evidence_type": "minute", "evidence": WORDS}
    await registry.call("POST", "/mergers/M-14Z/conditions/1/evidence", json=evidence)
    for act, reason in (("suspension", "tribunal_claim"), ("resumption", "claim_decided")):
        paused = {"reason": reason, "document": WORDS, "words": WORDS}
        await registry.call("POST", f"/mergers/M-14Z/schemes/M-14Z-S1/{act}", json=paused)
    await registry.move_clock("2019-09-03")
    await registry.change("/merger-applications/A-14X/applicants/10F/withdrawal", version=1)
    await registry.move_clock("2019-09-05")
    judged = {"criterion": "joint_working", "passes": True, "reasons": WORDS}
    await registry.change("/merger-applications/A-14X/judgements", version=2, body=judged)
    await registry.move_clock("2020-04-01")
    part = {"shape": "boundary_change", "predecessors": ["10Q"], "successors": [{"code": "10V"}]}
    await registry.call("POST", "/reorganisations", json={**part, "effective_on": "2019-10-01"})


async def read(registry: RegistryClient, path: str, who: Somebody, **params: str) -> httpx.Response:
    """Read as somebody who wrote nothing."""
    signed = registry.tokens.header(*who.roles, subject="reader", organisations=who.organisations)
    return await registry.client.get(f"/v1/{path}", params=params or None, headers=signed)


def test_every_read_stands_in_the_table() -> None:
    reads = {
        route.endpoint.__name__
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and (isinstance(route, QuestionRoute) or (route.methods or set()) <= READING)
    }
    watching = {"list_watch_lists", "get_watch_list", "list_watched", "follow_watch_list"}
    assert reads == OPEN.keys() | PARTIES.keys() | watching | OTHERS


async def test_everybody_sees_what_the_table_says(registry: RegistryClient) -> None:
    await prepared(registry)
    wrong = []
    for name, path in OPEN.items():
        national = await read(registry, path, EVERYBODY["national"])
        assert national.status_code == 200, f"{name}: {national.text}"
        assert not _has_words(national), name
        for somebody, who in EVERYBODY.items():
            answer = await read(registry, path, who)
            if (answer.status_code, answer.text) != (200, national.text):
                wrong.append(f"{somebody} reads another {name}: {answer.text}")
    for name, (path, parties) in PARTIES.items():
        hidden = await read(registry, path, EVERYBODY["lead of no organisation"])
        assert hidden.status_code == 200, f"{name}: {hidden.text}"
        for somebody, who in EVERYBODY.items():
            answer = await read(registry, path, who)
            sees = who.everything or not parties.isdisjoint(who.organisations)
            if _has_words(answer) is not sees:
                wrong.append(f"{somebody} {'does not see' if sees else 'sees'} {name}: {answer.text}")
            if not sees and (answer.text, answer.headers.get("etag")) != (hidden.text, hidden.headers.get("etag")):
                wrong.append(f"{somebody} is no party and reads another {name}: {answer.text}")
    assert not wrong, "\n".join(wrong)


async def test_a_watch_list_is_its_owners(registry: RegistryClient) -> None:
    await prepared(registry)
    for path in OWN:
        own = await registry.send("GET", f"/{path}", organisations=("10Q",))
        assert own.status_code == 200, own.text
        for somebody, who in EVERYBODY.items():
            answer = await read(registry, path, who)
            if path == "watch-lists":
                assert answer.json()["items"] == [], somebody
            else:
                assert answer.status_code == 404, f"{somebody}: {answer.text}"
                absent = await read(registry, path.replace("/1", "/2"), who)
                assert absent.json()["title"] == answer.json()["title"]


async def test_both_feeds_have_the_titles_of_terms_and_no_words(registry: RegistryClient) -> None:
    await prepared(registry)
    await registry.told()
    feeds = {}
    for code in ("10A", "10F", "10Q"):
        answer = await read(registry, "events", Somebody((code,), (Role.PARTNER,)), limit="500")
        feeds[code] = [item["event"]["data"] for item in answer.json()["items"]]
    assert feeds["10A"] == feeds["10F"] == feeds["10Q"]
    followed = await registry.send("GET", "/watch-lists/1/changes")
    followed_events = [item["event"]["data"] for item in followed.json()["items"]]
    for events in (feeds["10Q"], followed_events):
        assert WORDS not in str(events)
        assert title_of("merger-condition", "constitution") in str(events)
    for who in ("operator", "lead of 10A"):
        assert (await read(registry, "events", EVERYBODY[who])).status_code == 403


async def test_a_former_party_reads_what_was_known_while_it_took_part(registry: RegistryClient) -> None:
    await prepared(registry)
    path = "merger-applications/A-14X"
    days = ("2019-09-01", "2019-09-02", "2019-09-03", "2019-09-05", "2020-04-01")
    seen: dict[str, list[bool]] = {}
    for code in ("10D", "10F", "10Q"):
        answers = [await read(registry, path, Somebody((code,)), as_known=day) for day in days]
        seen[code] = [answer.json()["said"] is not None for answer in answers]
    assert seen == {
        "10D": [True, True, True, True, True],
        "10F": [True, True, False, False, False],
        "10Q": [False, False, False, False, False],
    }
    left = await read(registry, path, Somebody(("10F",)), as_known="2019-09-01")
    assert (left.json()["version"], version_in(left)) == (None, None)
    judged = [await read(registry, path, Somebody(("10Q",)), as_known=day) for day in ("2019-09-04", "2019-09-05")]
    before, after = ({**answer.json(), "as_known": None} for answer in judged)
    assert before == after


async def test_who_has_ended_reads_what_was_written_up_to_its_end(registry: RegistryClient) -> None:
    await prepared(registry)
    acquisition = {"shape": "acquisition", "predecessors": ["RX2"], "successors": [{"code": "RX1"}]}
    await registry.move_clock("2020-05-01")
    await registry.call("POST", "/reorganisations", json={**acquisition, "effective_on": "2020-05-01"})
    await registry.change("/care-models/10H-MCP/delay", version=2, body={"note": WORDS})
    seen = {}
    for codes in (("RX2",), ("RX1",), ("RX1", "RX2"), ("10H",)):
        document = (await read(registry, "care-models/10H-MCP", Somebody(codes))).json()
        notes = [statement["note"] == WORDS for statement in document["statements"]]
        seen[codes] = notes, document["services"] == WORDS
    assert seen == {
        ("RX2",): ([False, True, False], False),
        ("RX1",): ([True, True, True], True),
        ("RX1", "RX2"): ([True, True, True], True),
        ("10H",): ([True, True, True], True),
    }


async def test_without_a_token_nothing_is_read(registry: RegistryClient) -> None:
    for path in [*OPEN.values(), *(path for path, _ in PARTIES.values()), *OWN, "events"]:
        answer = await registry.client.get(f"/v1/{path}")
        assert answer.status_code == 401, path


def _has_words(answer: httpx.Response) -> bool:
    return WORDS in answer.text or f'"{AUTHOR}"' in answer.text
