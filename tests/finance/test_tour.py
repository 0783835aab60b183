"""The tour of finance's guide is sent as it stands, and answered as it says."""

import json
import re
from pathlib import Path
from typing import Any

import httpx

GUIDE = (Path(__file__).parents[2] / "docs" / "finance.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^```http\n(.*?)^```\n\n```json\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)


def difference(shown: Any, answer: Any, where: str = "") -> list[str]:
    """Where an answer does not have what the guide shows of it; a list is shown from its first item on."""
    if isinstance(shown, dict) and isinstance(answer, dict):
        missing = [f"{where}/{name}: is missing" for name in shown if name not in answer]
        return missing + [
            one for name in shown if name in answer for one in difference(shown[name], answer[name], f"{where}/{name}")
        ]
    if isinstance(shown, list) and isinstance(answer, list) and len(shown) <= len(answer):
        return [
            one for number, each in enumerate(shown) for one in difference(each, answer[number], f"{where}/{number}")
        ]
    return [] if shown == answer else [f"{where}: {answer!r} instead of {shown!r}"]


async def test_every_request_of_the_tour_is_answered_as_the_guide_says(client: httpx.AsyncClient) -> None:
    digest, wrong = "", []
    for request, expected in STEPS:
        first, _, rest = request.partition("\n")
        method, path = first.split()
        headers = dict(re.findall(r"^([A-Z][A-Za-z-]+): (.*)$", rest, flags=re.MULTILINE))
        body = re.sub(r"^[A-Z][A-Za-z-]+: .*$", "", rest, flags=re.MULTILINE).strip()
        sent = {"json": json.loads(body)} if body else {}
        answer = await client.request(method, path.replace("{digest}", digest), headers=headers, **sent)
        assert answer.status_code in (200, 201), f"{first}: {answer.text}"
        shown = answer.json()
        digest = shown.get("digest") or digest if isinstance(shown, dict) else digest
        wrong += [f"{first} {one}" for one in difference(json.loads(expected), shown)]
    assert wrong == []
    assert len(STEPS) >= 9
