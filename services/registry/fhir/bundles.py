"""Builds searchset Bundles and OperationOutcomes."""

from collections.abc import Iterable, Sequence
from uuid import NAMESPACE_URL, uuid5

from services.registry.fhir.request import Issue
from services.registry.fhir.resources import Resource


def searchset(
    base: str,
    matches: Sequence[Resource],
    *,
    self_url: str,
    next_url: str | None = None,
    total: int | None = None,
    included: Sequence[Resource] = (),
    ignored: Iterable[Issue] = (),
) -> Resource:
    """Return a page of a search; `base` is the address that the service's FHIR lies under.

    `total` is how many match on all pages together, where that was asked. The next page is a link for the client to
    follow as it is: it begins after the last resource of this one, so that new statements do not shift the pages.
    What was `ignored` of the request is named by an OperationOutcome among the entries.
    """
    links = [{"relation": "self", "url": self_url}]
    if next_url is not None:
        links.append({"relation": "next", "url": next_url})
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "link": links}
    if total is not None:
        bundle["total"] = total
    # A list may not be empty in FHIR: a search that finds nothing has no entries.
    entries = [*_entries(base, matches, "match"), *_entries(base, included, "include")]
    if issues := list(ignored):
        # It has no address here, and FHIR wants each entry to have one.
        full_url = uuid5(NAMESPACE_URL, self_url).urn
        warning = outcome(issues, severity="warning")
        entries.append({"fullUrl": full_url, "resource": warning, "search": {"mode": "outcome"}})
    if entries:
        bundle["entry"] = entries
    return bundle


def outcome(issues: Iterable[Issue], *, severity: str = "error") -> Resource:
    """Return what is wrong with a request: (code, text, search parameter or header) of each issue.

    The codes are those of http://hl7.org/fhir/issue-type: `not-found`, `invalid`, `not-supported`, ...
    """
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": severity, "code": code, "diagnostics": text} | ({"expression": [at]} if at else {})
            for code, text, at in issues
        ],
    }


def _entries(base: str, resources: Sequence[Resource], mode: str) -> list[Resource]:
    return [
        {
            "fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}",
            "resource": resource,
            "search": {"mode": mode},
        }
        for resource in resources
    ]
