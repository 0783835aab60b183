"""The committed OpenAPI documents are what the code gives, so that a reviewer sees what partners will see."""

from pathlib import Path

from libs.common.service.cli import openapi_text
from tests.support.platform import service

ROOT = Path(__file__).parents[2]
FOLDER = Path("docs") / "openapi"


def test_the_committed_documents_are_what_the_code_gives(given: dict[Path, str]) -> None:
    expected = {path: text for path, text in given.items() if path.parent == FOLDER}
    assert {path.relative_to(ROOT) for path in (ROOT / FOLDER).iterdir()} == set(expected)
    for path, text in expected.items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path} is not what the code gives: run make openapi"


def test_a_document_is_the_same_however_often_it_is_asked_for(given: dict[Path, str]) -> None:
    text = given[FOLDER / "finance.json"]
    assert openapi_text(service("finance")) == text
    assert text.endswith("}\n")
