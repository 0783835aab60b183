"""The console's settings: what is wrong is refused at start with every reason, and the guide names them all."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from console.settings import Settings

ROOT = Path(__file__).parents[2]
GIVEN = {
    "registry_url": "http://registry",
    "contracts_url": "http://contracts",
    "finance_url": "http://finance/",
    "governance_url": "http://governance",
    "issuer": "https://issuer.example/realm",
}


def test_the_guide_names_every_setting_and_no_other() -> None:
    guide = (ROOT / "docs" / "console.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in guide.splitlines() if line.startswith("| `CONSOLE_")]
    named = set(re.findall(r"`CONSOLE_(\w+)`", " ".join(rows)))
    assert named == {name.upper() for name in Settings.model_fields}


def test_an_address_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CONSOLE_"):
            monkeypatch.delenv(name)
    assert Settings(**GIVEN).finance_url == "http://finance"  # type: ignore[arg-type]
    with pytest.raises(ValidationError) as refused:
        Settings(**GIVEN | {"registry_url": "registry:8000", "issuer": "ftp://issuer.example"})  # type: ignore[arg-type]
    assert {error["loc"] for error in refused.value.errors()} == {("registry_url",), ("issuer",)}


def test_what_is_missing_is_said_at_start_all_at_once() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONSOLE_")}
    started = subprocess.run(
        [sys.executable, "-m", "console"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert started.returncode == 2
    named = re.findall(r"^(CONSOLE_\w+): Field required$", started.stderr, flags=re.MULTILINE)
    assert set(named) == {f"CONSOLE_{name.upper()}" for name in GIVEN}
