"""The programs of the guide verify what is delivered, and nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.common.webhooks.conftest import Stage, Target

GUIDE = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
PROGRAMS = dict(re.findall(r"^```python (\w+)\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize(("scheme", "key"), [("symmetric", "secret"), ("ed25519", "public_key")])
async def test_the_guides_program_verifies_a_delivery(stage: Stage, target: Target, scheme: str, key: str) -> None:
    program: dict[str, Any] = {}
    exec(PROGRAMS[scheme], program)
    is_ours = program["is_ours"]
    stage.send()
    made = await stage.register(target.address, signing=scheme)
    other = await stage.register(target.address, signing=scheme, organisations=["ZZZ"])
    await stage.light("AAA")
    [taken, *_] = await target.takes(1)
    assert is_ours(made[key], taken.headers, taken.body)
    assert not is_ours(made[key], taken.headers, taken.body + b" ")
    assert not is_ours(other[key], taken.headers, taken.body)
    assert not is_ours(made[key], taken.headers | {"webhook-timestamp": "1614265330"}, taken.body)
