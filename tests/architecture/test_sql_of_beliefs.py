"""SQL names facets by `Facet`, and asks "on a day, as known" by the pieces of `believed` alone."""

import re

import pytest

from tests.architecture.source import modules

PIECES = ("libs/common/temporal/", "services/registry/core/believed.py", "services/registry/core/recording.py")
BY_NUMBER = re.compile(r"\bfacet\b[\s)]*(=|<>|!=|<|>|<=|>=|IN|NOT IN|BETWEEN)\s*\(?\s*\d", re.IGNORECASE)
OWN_SPELLING = re.compile(r"\bvalid @> [^\n]*::date\) IS TRUE|\bknown @>|upper_inf\((\w+\.)?known\)", re.IGNORECASE)
SOURCES = {
    BY_NUMBER: ("services/registry", "services/governance", "services/finance", "libs"),
    # Finance still spells "as known" on its own; contracts are not covered yet.
    OWN_SPELLING: ("services/registry", "services/governance", "libs"),
}

RULES = [
    (BY_NUMBER, "WHERE b.facet = 1", "a facet is named by Facet"),
    (BY_NUMBER, "WHERE life.facet IN (1, 4)", "a facet is named by Facet"),
    (BY_NUMBER, "CASE WHEN facet <> 3 THEN", "a facet is named by Facet"),
    (OWN_SPELLING, "AND (b.valid @> $1::date) IS TRUE", "use libs.common.temporal.believed"),
    (OWN_SPELLING, "WHERE s.known @> $2::timestamptz", "use libs.common.temporal.believed"),
    (OWN_SPELLING, "AND upper_inf(known)", "use libs.common.temporal.believed"),
]


@pytest.mark.parametrize(("rule", "planted", "why"), RULES)
def test_only_the_named_pieces_ask_what_is_believed(rule: re.Pattern[str], planted: str, why: str) -> None:
    assert rule.search(planted), f"the check does not see: {planted}"
    wrong = [
        f"{module.path}:{number}"
        for module in modules(*SOURCES[rule])
        if not module.path.as_posix().startswith(PIECES) and "migrations" not in module.path.parts
        for number, line in enumerate(module.text.splitlines(), start=1)
        if rule.search(line)
    ]
    assert not wrong, f"{why}: {wrong}"
