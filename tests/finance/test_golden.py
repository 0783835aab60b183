"""Every golden figure of the appraisal is a test by number, and each point of the guide names a test that is there."""

import re
from pathlib import Path

TESTS, GUIDE = Path("tests"), Path("docs/finance.md")
ELSEWHERE = {9: "contracts prices redundancies"}


def _texts() -> str:
    files = [*(TESTS / "finance").rglob("*.py"), *(TESTS / "scenarios").glob("*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.name != Path(__file__).name)


def test_every_golden_figure_has_a_test_of_its_number() -> None:
    named = re.findall(r"golden[_ ](\d+)(?:(?: and |_and_)(\d+))?", _texts())
    found = {int(number) for pair in named for number in pair if number}
    assert set(range(1, 31)) - found == set(ELSEWHERE)


def test_each_test_that_the_guide_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", GUIDE.read_text(encoding="utf-8")))
    assert len(named) >= 17
    text = _texts()
    assert {name for name in named if not re.search(rf"def {name}\(", text)} == set()
