"""A registry with something for every command to act on, and one valid request for each."""

from typing import Any

from libs.common.identity import Role
from tests.registry.applications.applicants import an_application, conditions
from tests.security.walk import Case
from tests.support.builders import a_ccg, a_merger_command, a_practice, an_icb, an_organisation
from tests.support.platform import Platform

LEAD, REGISTRAR, ENGLAND = Role.GOVERNANCE_LEAD, Role.REGISTRAR, Role.NHS_ENGLAND
TODAY = "2019-09-01"
LATER = "2020-04-01"


async def prepare(platform: Platform) -> None:
    """Fill the registry: two applications and two mergers under way, a cluster, a care model, a succession."""

    async def post(path: str, body: Any, **headers: str) -> None:
        roles = set(Role) - {Role.LOADER}
        await platform.call("POST", "registry", path, *roles, json=body, headers=headers)

    await platform.call("PUT", "registry", "/operations/clock", json={"moved_to": TODAY})
    ccgs = [a_ccg(code) for code in ("10A", "10B", "10D", "10E", "10F", "10H", "10Y", "10Q", "10V", "11A", "11J")]
    trusts = [an_organisation(code, "nhs_trust") for code in ("RX1", "RX2", "RX3", "RX6")]
    icbs = [an_icb(code) for code in ("QMJ", "QRV", "QHM", "QF7")]
    practices = [a_practice(code, parent="10H") for code in ("K82001", "K82002")]
    await post("/organisations/batch", {"organisations": [*ccgs, *trusts, *icbs]})
    await post("/organisations/batch", {"organisations": practices})
    await post("/organisations/RX6/roles", {"role": "RO213", "effective_on": "2014-04-01"}, **{"If-Match": '"1"'})
    code = {"system": "ons", "identifier": "E38000215", "effective_on": "2014-04-01"}
    await post("/organisations/RX6/identifiers", code, **{"If-Match": '"2"'})
    await post("/organisations/RX1/relations", {"relation": "hosts", "other": "RX2", "effective_on": "2018-04-01"})
    await post("/organisations/RX1/relations", {"relation": "member of", "other": "RX3", "effective_on": "2018-04-01"})
    # Neither acts for the other after it: who took over a whole body acts for that.
    part = {"shape": "boundary_change", "predecessors": ["10Q"], "successors": [{"code": "10V"}]}
    await post("/reorganisations", {**part, "effective_on": "2018-10-01"})
    planned = {"model": "mcp", "name": "A provider", "place": "10H", "partners": ["RX1"]}
    await post("/care-models", {"reference": "10H-MCP", **planned})
    await post("/clusters", {"name": "N", "icbs": ["QHM", "QF7"], "shares": ["chair"], "effective_on": "2025-10-01"})
    for successor, applicants in (("14Y", ("10Y", "10H")), ("14X", ("10D", "10E", "10F")), ("14Z", ("10A", "10B"))):
        await post("/merger-applications", an_application(successor, *applicants))
    drafted = [
        ("/merger-applications", "10D", an_application("15B", "10D", "10E")),
        ("/clusters", "QMJ", {"name": "M", "icbs": ["QMJ", "QRV"], "shares": ["chair"], "effective_on": "2025-10-01"}),
    ]
    for path, own, body in drafted:
        await platform.call("POST", "registry", path, LEAD, organisations=(own,), json=body)
    approval = {"outcome": "approved_with_conditions", "conditions": conditions("constitution")}
    await post("/merger-applications/A-14Z/determination", approval, **{"If-Match": '"1"'})
    await post("/mergers/M-14Z/schemes", {"sort": "staff"})
    await post("/mergers", a_merger_command("16C", "11A", "11J", on=LATER, schemes=[]))
    await post("/mergers/M-16C/schemes", {"sort": "staff", "predecessors": ["11J"]})
    await post("/mergers/M-16C/schemes/M-16C-S1/suspension", _PAUSED)


def _of_an_organisation(operation: str, act: str, body: Any, *, code: str = "RX6", version: int | None = 3) -> Case:
    """A registrar's act on one organisation."""
    return Case(
        operation=operation,
        role=REGISTRAR,
        binds=(code,),
        path=f"/organisations/{{code}}/{act}",
        values={"code": code},
        json=body,
        version=version,
    )


def _of_an_application(
    operation: str, act: str, body: Any, *binds: str, role: Role = LEAD, version: int | None = 1, method: str = "POST"
) -> Case:
    """An act on the application of 10Y and 10H."""
    return Case(
        operation=operation,
        role=role,
        binds=binds or ("10H", "10Y"),
        method=method,
        path=f"/merger-applications/A-14Y{act}",
        json=body,
        version=version,
    )


def _of_a_merger(operation: str, act: str, body: Any = None, *binds: str, role: Role = ENGLAND, **others: Any) -> Case:
    """An act on the merger of 11A and 11J."""
    path = f"/mergers/M-16C/{act}"
    return Case(operation=operation, role=role, binds=binds or ("11A", "11J", "16C"), path=path, json=body, **others)


def _of_a_care_model(operation: str, act: str, body: Any, *binds: str) -> Case:
    """An act on the care model of 10H and RX1."""
    bound = ("10H", "RX1", *binds)
    return Case(
        operation=operation, role=REGISTRAR, binds=bound, path=f"/care-models/10H-MCP/{act}", json=body, version=1
    )


_SPLIT = {
    "shape": "split",
    "predecessors": ["RX1"],
    "successors": [{"code": "RX2", "share": "1/2"}, {"code": "RX3", "share": "1/2"}],
    "effective_on": LATER,
}
_FEDERATION = {
    "code": "SUFFED",
    "name": "A federation",
    "effective_on": TODAY,
    "legal_form": "cic_limited_by_guarantee",
    "remit": "extended_services",
}
_PAUSED = {"reason": "terms_disputed", "document": "A letter"}
_LISTS = [{"code": "10H", "practices": ["K82001"]}, {"code": "10Y", "practices": ["K82002"]}]
_REPORTED = [
    {"code": "RX1", "about": "succession", "value": "RX2", "effective_on": "2018-04-01"},
    {"code": "RX3", "about": "name", "value": "Another", "effective_on": "2018-04-01"},
]

CASES = [
    Case(
        operation="open_organisation",
        role=REGISTRAR,
        binds=("K99999", "10Y"),
        path="/organisations",
        json=a_practice("K99999", parent="10Y"),
    ),
    Case(
        operation="open_organisations",
        role=REGISTRAR,
        binds=("11X", "11W", "10Y"),
        path="/organisations/batch",
        json={"organisations": [a_ccg("11X"), a_ccg("11W", parent="10Y")]},
    ),
    Case(
        operation="revise_organisations",
        role=REGISTRAR,
        binds=("K82001", "10Y", "10H", "RX6", "QMJ"),
        path="/organisations/revisions",
        json={
            "effective_on": LATER,
            "organisations": [
                {"code": "K82001", "parent": "10Y"},
                {"code": "RX6", "new_name": "Another", "stp": "QMJ"},
            ],
        },
    ),
    _of_an_organisation("close_organisation", "closure", {"effective_on": LATER}),
    _of_an_organisation("rename_organisation", "renaming", {"new_name": "Another", "effective_on": LATER}),
    _of_an_organisation("change_kind", "kind", {"kind": "foundation_trust", "effective_on": LATER}),
    _of_an_organisation("change_legal_status", "legal-status", {"legal_status": "abolished", "effective_on": LATER}),
    _of_an_organisation(
        "move_organisation", "address", {"lines": ["1 High Street"], "postcode": "HP11 1NT", "effective_on": LATER}
    ),
    _of_an_organisation("give_role", "roles", {"role": "RO198", "effective_on": LATER}),
    _of_an_organisation("end_role", "roles/RO213/end", {"effective_on": LATER}),
    _of_an_organisation("give_identifier", "identifiers", {"system": "own", "identifier": "1", "effective_on": LATER}),
    _of_an_organisation("end_identifier", "identifiers/ons/E38000215/end", {"effective_on": LATER}),
    _of_an_organisation("change_legal_form", "legal-form", {"legal_form": "charity", "effective_on": LATER}),
    _of_an_organisation("state_remit", "remit", {"remit": "quality", "effective_on": LATER}),
    _of_an_organisation(
        "publish_population",
        "populations",
        {"basis": "registered", "people": 1, "effective_on": "2019-04-01"},
        version=None,
    ),
    Case(
        operation="change_parent",
        role=REGISTRAR,
        binds=("K82001", "10Y", "10H"),
        path="/organisations/{code}/parent",
        values={"code": "K82001"},
        json={"parent": "10Y", "relation": "commissioned by", "effective_on": LATER},
        version=1,
    ),
    Case(
        operation="relate",
        role=REGISTRAR,
        binds=("RX1", "RX2"),
        path="/organisations/{code}/relations",
        values={"code": "RX1"},
        json={"relation": "owns", "other": "RX2", "share": "1/2", "effective_on": "2018-04-01"},
    ),
    Case(
        operation="end_relation",
        role=REGISTRAR,
        binds=("RX1", "RX2"),
        path="/organisations/{code}/relations/ending",
        values={"code": "RX1"},
        json={"relation": "hosts", "other": "RX2", "effective_on": LATER},
    ),
    Case(
        operation="end_relation",
        role=REGISTRAR,
        binds=("RX1",),
        path="/organisations/{code}/relations/ending",
        values={"code": "RX1"},
        json={"relation": "member of", "other": "RX3", "effective_on": LATER},
    ),
    Case(
        operation="record_report",
        role=REGISTRAR,
        binds=("RX1", "RX2", "RX3"),
        path="/reports",
        json={"source": "hsj:1", "stated_on": "2018-11-04", "facts": _REPORTED},
    ),
    Case(operation="open_federation", role=REGISTRAR, binds=("SUFFED",), path="/federations", json=_FEDERATION),
    Case(
        operation="plan_care_model",
        role=REGISTRAR,
        binds=("10H", "RX1", "RX2"),
        path="/care-models",
        json={"reference": "X", "model": "pacs", "name": "A system", "place": "10H", "partners": ["RX1", "RX2"]},
    ),
    _of_a_care_model("delay_care_model", "delay", {}),
    _of_a_care_model("replan_care_model", "replanning", {"planned_for": LATER, "partners": ["RX2"]}, "RX2"),
    _of_a_care_model("establish_care_model", "establishment", {"effective_on": TODAY}),
    _of_a_care_model("end_care_model", "end", {"effective_on": LATER}),
    Case(
        operation="merge_commissioners",
        role=ENGLAND,
        binds=("10Q", "10V", "15A"),
        path="/mergers",
        json=a_merger_command("15A", "10Q", "10V", on=LATER),
    ),
    Case(
        operation="merge_commissioners",
        role=ENGLAND,
        binds=("10Q", "10V", "15A", "10D"),
        path="/mergers",
        json=a_merger_command("15A", "10Q", "10V", on=LATER, parts=[{"code": "10D", "share": "1/3"}]),
    ),
    _of_a_merger("redate_merger", "redating", {"effective_on": "2021-04-01"}, version=3),
    _of_a_merger("withdraw_merger", "withdrawal", version=3),
    _of_a_merger("establish_successor", "establishment", but="wrong-effective-date"),
    _of_a_merger("make_scheme", "schemes", {"sort": "property"}, "11A", "11J", role=LEAD),
    _of_a_merger("make_scheme", "schemes", {"sort": "staff", "predecessors": ["11A"]}, "11A", role=LEAD),
    Case(
        operation="suspend_scheme",
        role=LEAD,
        binds=("10A", "10B"),
        path="/mergers/M-14Z/schemes/M-14Z-S1/suspension",
        json=_PAUSED,
    ),
    Case(
        operation="resume_scheme",
        role=LEAD,
        binds=("11J",),
        path="/mergers/M-16C/schemes/M-16C-S1/resumption",
        json=_PAUSED | {"reason": "terms_agreed"},
    ),
    Case(
        operation="meet_condition",
        role=LEAD,
        binds=("10A", "10B"),
        path="/mergers/M-14Z/conditions/1/evidence",
        json={"met_on": TODAY, "evidence_type": "minute", "evidence": "Minute 7"},
    ),
    Case(
        operation="file_application",
        role=LEAD,
        binds=("10Q",),
        path="/merger-applications",
        json=an_application("15A", "10Q", "10V"),
    ),
    _of_an_application(
        "edit_application",
        "",
        {"successor_name": "Another", "constitution": "Page 1", "accountable_officer": "P-1"},
        method="PUT",
    ),
    _of_an_application(
        "join_application", "/applicants", {"applicant": "10Q", "agreed_on": TODAY}, "10Q", version=None
    ),
    Case(
        operation="agree_to_application",
        role=LEAD,
        binds=("10E",),
        path="/merger-applications/A-15B/agreements",
        json={"applicant": "10E"},
        version=1,
        hidden=True,
    ),
    Case(
        operation="leave_application",
        role=LEAD,
        binds=("10F",),
        path="/merger-applications/A-14X/applicants/{code}/withdrawal",
        values={"code": "10F"},
        version=1,
    ),
    _of_an_application("withdraw_application", "/withdrawal", None),
    _of_an_application(
        "judge_application",
        "/judgements",
        {"criterion": "joint_working", "passes": True, "reasons": "It does"},
        role=ENGLAND,
    ),
    _of_an_application(
        "determine_application", "/determination", {"outcome": "approved"}, "10H", "10Y", "14Y", role=ENGLAND
    ),
    Case(
        operation="cluster_icbs",
        role=LEAD,
        binds=("QMJ", "QRV"),
        path="/clusters",
        json={"name": "N", "icbs": ["QMJ", "QRV"], "shares": ["chair"], "effective_on": "2025-10-01"},
    ),
    Case(
        operation="agree_to_cluster",
        role=LEAD,
        binds=("QRV",),
        path="/clusters/CL-QMJ/agreements",
        json={"icb": "QRV"},
        version=1,
    ),
    Case(
        operation="end_cluster",
        role=LEAD,
        binds=("QHM", "QF7"),
        path="/clusters/CL-QHM/ending",
        json={"effective_on": "2027-04-01"},
        version=1,
    ),
    Case(
        operation="state_cover",
        role=REGISTRAR,
        binds=("10H", "10Y"),
        path="/covers",
        json={"effective_on": LATER, "commissioners": _LISTS},
    ),
    Case(
        operation="state_succession",
        role=REGISTRAR,
        binds=("RX1", "RX2", "RX3"),
        path="/reorganisations",
        json=_SPLIT,
    ),
    Case(
        operation="undo_succession",
        role=REGISTRAR,
        binds=("10Q", "10V"),
        path="/reorganisations/R-10Q/undoing",
        version=1,
    ),
]
"""A walk also asks with a version that was never read: it is told of no version."""
