"""Every refusal that a client can get is explained in plain words, where it can be met and on the page of types."""

import json
import re
from pathlib import Path

import pytest

from deploy.documents import SERVICES, problem_types
from libs.common.http.problems import TYPES

ROOT = Path(__file__).parents[2]
PAGE = Path("docs") / "problems.md"


def test_the_page_of_problem_types_is_what_the_code_gives(given: dict[Path, str]) -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == given[PAGE], f"{PAGE} is out of date: run make openapi"
    assert f"`{TYPES}`" in given[PAGE]


@pytest.mark.parametrize("service", SERVICES)
def test_every_refusal_of_a_service_is_explained_where_it_can_be_met(service: str, given: dict[Path, str]) -> None:
    document = json.loads(given[Path("docs") / "openapi" / f"{service}.json"])
    told = [
        response.get("description", "")
        for operations in document["paths"].values()
        for operation in operations.values()
        for response in operation["responses"].values()
    ]
    kinds = problem_types(f"services.{service}")
    assert kinds
    for kind in kinds:
        assert kind.explanation(), f"{kind.__name__} has no second paragraph that says what a client can do"
        assert len(kind.title().split()) <= 20, kind
        line = f"`{kind.slug()}`: {kind.title()} {kind.explanation()}"
        assert any(line in description for description in told), f"no operation of {service} names {kind.slug()}"


def test_every_refusal_of_the_libraries_is_explained() -> None:
    kinds = problem_types("libs")
    assert kinds
    assert [kind for kind in kinds if not kind.explanation()] == []


def test_a_type_names_one_problem_in_a_service() -> None:
    for service in SERVICES:
        slugs = [kind.slug() for kind in (*problem_types("libs"), *problem_types(f"services.{service}"))]
        assert len(slugs) == len(set(slugs))


def test_the_changelog_names_problem_types_that_there_are_in_place_of_those_that_are_gone() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    renamed = dict(re.findall(r"^  \| `([a-z-]+)` \| `([a-z-]+)` \|$", changelog, flags=re.MULTILINE))
    slugs = {kind.slug() for service in SERVICES for kind in problem_types(f"services.{service}")}
    assert renamed["not-its-day"] == "wrong-effective-date"
    assert set(renamed.values()) <= slugs
    assert slugs.isdisjoint(renamed)
