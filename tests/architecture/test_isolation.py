"""Each service starts where no other service is, as in an image that holds it alone."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ("registry", "contracts", "finance", "governance")

PROGRAM = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if any(name == other or name.startswith(other + ".") for other in {others!r}):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import services.{service}.app
assert services.{service}.app.SERVICE.name == "{service}"
long = {{"numpy", "highspy", "scipy", "typst", "vl_convert", "xlsxwriter"}}
assert not long & set(sys.modules), "what computes long, and what writes documents, is a process of its own"
"""


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_needs_no_other_service_and_no_deployment(service: str) -> None:
    others = [f"services.{other}" for other in SERVICES if other != service] + ["deploy", "tests"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(others=others, service=service)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
