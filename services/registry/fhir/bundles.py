"""Builds searchset Bundles and OperationOutcomes."""

from collections.abc import Iterable, Sequence

from services.registry.fhir.resources import Resource


def searchset(
    base: str,
    matches: Sequence[Resource],
    *,
    self_url: str,
    next_url: str | None = None,
    total: int | None = None,
    included: Sequence[Resource] = (),
) -> Resource:
    """Return a page of a search; `base` is the address that the service's FHIR lies under.

    `total` is how many match on all pages together, where that was asked. The next page is a link for the client to
    follow as it is: it begins after the last resource of this one, so that new statements do not shift the pages.
    """
    links = [{"relation": "self", "url": self_url}]
    if next_url is not None:
        links.append({"relation": "next", "url": next_url})
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "link": links}
    if total is not None:
        bundle["total"] = total
    # A list may not be empty in FHIR: a search that finds nothing has no entries.
    if entries := [*_entries(base, matches, "match"), *_entries(base, included, "include")]:
        bundle["entry"] = entries
    return bundle


def outcome(issues: Iterable[tuple[str, str, str | None]]) -> Resource:
    """Return what is wrong with a request: (code, text, search parameter or header) of each issue.

    The codes are those of http://hl7.org/fhir/issue-type: `not-found`, `invalid`, `not-supported`, ...
    """
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": code, "diagnostics": text} | ({"expression": [at]} if at else {})
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
