"""The pages that a newcomer sees: what they say is so, on a phone too, and for whoever cannot see them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.demo import Demo
from tests.support.platform import SERVICES
from tests.support.tools import PROGRAMS, node_tools, run

HERE = Path(__file__).parent
LEFT_TO_SWAGGER_UI = {"color-contrast", "nested-interactive"}
"""Serious findings of axe that are Swagger UI's own."""


@pytest.fixture(scope="module")
def seen(demo: Demo) -> dict[str, Any]:
    """What Chromium sees of each page, by its path."""
    paths = [
        "/demo",
        "/show/registry/v1/mergers/M-14Y",
        *(f"/{name}{page}" for name in SERVICES for page in ("/", "/docs")),
    ]
    addresses = [f"{demo.address}{path}" for path in paths]
    told = run([PROGRAMS / "node", HERE / "look.mjs", node_tools(HERE), *addresses], HERE)
    return dict(zip(paths, json.loads(told), strict=True))


def test_no_page_is_wider_than_a_phone_and_each_names_its_language(seen: dict[str, Any]) -> None:
    assert len(seen) == 10
    for path, page in seen.items():
        assert (page["width"], page["lang"], page["errors"]) == (320, "en-GB", []), path


def test_axe_finds_nothing_on_our_pages_and_nothing_of_ours_on_swagger_uis(seen: dict[str, Any]) -> None:
    for path, page in seen.items():
        grave = {one["id"] for one in page["findings"] if one["impact"] in ("critical", "serious")}
        if path.endswith("/docs"):
            assert grave <= LEFT_TO_SWAGGER_UI, page["findings"]
        else:
            assert page["findings"] == [], path


def test_the_operations_are_folded_by_tag(seen: dict[str, Any]) -> None:
    assert [page["folded"] for path, page in seen.items() if path.endswith("/docs")] == [0, 0, 0, 0]


def test_each_sentence_of_the_first_page_leads_to_its_answer(demo: Demo) -> None:
    page = demo.client.get("/demo").text
    links = re.findall(r'href="(/show/[^"]+)"', page)
    assert len(links) > 20
    for link in dict.fromkeys(links):
        shown = demo.client.get(link.replace("&amp;", "&"))
        assert shown.status_code == 200
        assert ": 200.</p>" in shown.text, link


def test_no_id_stands_in_a_sentence_and_no_source_path_above_what_happened(demo: Demo) -> None:
    page = demo.client.get("/demo").text
    # A link may need one: the path of a person's appointments has the person's.
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", re.sub(r' href="[^"]*"', "", page))
    named = re.findall(r"<code>((?:services|libs|deploy)/[\w/.]+)</code>", page)
    assert all(Path(name).is_file() for name in named)
    assert page.index("services/registry") > page.index("Cambridgeshire and Peterborough") > page.index("Open today")


def test_an_answer_is_shown_to_this_machine_alone(demo: Demo) -> None:
    answer = demo.client.get("/show/contracts/v1/contracts", headers={"Host": "footprint.example"})
    assert answer.status_code == 403
