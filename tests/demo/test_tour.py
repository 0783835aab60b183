"""The README's tour, run as it stands in a shell, prints what the README says."""

import re
import subprocess
from pathlib import Path

from tests.support.demo import Demo

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
TOUR = README.split("\n## A tour\n", 1)[1].split("\n## ", 1)[0]
[COMMANDS] = re.findall(r"^```\n(.*?)^```$", TOUR, flags=re.MULTILINE | re.DOTALL)


def test_the_tour_prints_what_it_says_in_this_order(demo: Demo) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", COMMANDS],
        cwd=demo.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    printed = iter(done.stdout.splitlines())
    expected = re.findall(r"^#> (.*)$", COMMANDS, flags=re.MULTILINE)
    assert len(expected) > 15
    for line in expected:
        assert any(line == one for one in printed), f"{line!r} is not printed, or not in this place"


def test_every_question_of_the_tour_shows_something_of_its_answer() -> None:
    asked = re.findall(r"^(?:ask|table) .*\n(.*)$", COMMANDS, flags=re.MULTILINE)
    assert len(asked) > 10
    assert [line for line in asked if not line.startswith("#>")] == []


def test_a_start_says_where_it_listens_and_how_to_get_a_token(demo: Demo) -> None:
    assert f"Footprint runs at {demo.address}" in demo.said
    [command] = re.findall(r"^A token: (curl .*)$", demo.said, flags=re.MULTILINE)
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True, timeout=60)
    assert '"access_token"' in done.stdout
