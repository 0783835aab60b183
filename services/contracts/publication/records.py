"""How releases are merged into a record: the rules of OCDS 1.1.5 as a table, so that none is fetched."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, cast

from ocdsmerge import Merger

_OMIT: Final = "omitWhenMerged"
_WHOLE: Final = "wholeListMerge"

MERGE_RULES: Final[Mapping[tuple[str, ...], str]] = {
    ("date",): _OMIT,
    ("id",): _OMIT,
    ("tag",): _OMIT,
    ("awards", "amendment", "changes"): _WHOLE,
    ("awards", "amendments", "changes"): _WHOLE,
    ("awards", "items", "additionalClassifications"): _WHOLE,
    ("awards", "suppliers", "additionalIdentifiers"): _WHOLE,
    ("buyer", "additionalIdentifiers"): _WHOLE,
    ("contracts", "amendment", "changes"): _WHOLE,
    ("contracts", "amendments", "changes"): _WHOLE,
    ("contracts", "implementation", "transactions", "payee", "additionalIdentifiers"): _WHOLE,
    ("contracts", "implementation", "transactions", "payer", "additionalIdentifiers"): _WHOLE,
    ("contracts", "items", "additionalClassifications"): _WHOLE,
    ("contracts", "relatedProcesses", "relationship"): _WHOLE,
    ("parties", "additionalIdentifiers"): _WHOLE,
    ("parties", "roles"): _WHOLE,
    ("relatedProcesses", "relationship"): _WHOLE,
    ("tender", "additionalProcurementCategories"): _WHOLE,
    ("tender", "amendment", "changes"): _WHOLE,
    ("tender", "amendments", "changes"): _WHOLE,
    ("tender", "items", "additionalClassifications"): _WHOLE,
    ("tender", "procuringEntity", "additionalIdentifiers"): _WHOLE,
    ("tender", "submissionMethod"): _WHOLE,
    ("tender", "tenderers", "additionalIdentifiers"): _WHOLE,
}
"""Path to rule: a field that is left out, or a list that the later release replaces whole."""

EXTENSION_RULES: Final[Mapping[tuple[str, ...], str]] = {
    ("contracts", "partyChanges", "schemes"): _WHOLE,
    ("contracts", "noticesServed", "functions"): _WHOLE,
    ("contracts", "exitPrice", "unpriced"): _WHOLE,
}
"""The same for what the extension adds."""

Document = dict[str, Any]
"""A release, or what releases are merged into, as JSON has it."""


@cache
def _merger() -> Merger:
    return Merger(merge_rules={**MERGE_RULES, **EXTENSION_RULES})


def compiled(releases: Sequence[Document]) -> Document:
    """Return what the releases of one process say together, the latest of each field."""
    return cast("Document", _merger().create_compiled_release(list(releases)))


def versioned(releases: Sequence[Document]) -> Document:
    """Return the same with every value that a field has had, and by which release."""
    return cast("Document", _merger().create_versioned_release(list(releases)))
