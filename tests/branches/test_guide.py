"""The requests of the planners' guide, sent in their order as they stand there."""

import json
import re
from pathlib import Path
from typing import Any

from tests.support.branching import Planning

GUIDE = (Path(__file__).parents[2] / "docs" / "branches.md").read_text(encoding="utf-8")
REQUESTS = re.findall(r"^```\n(GET|POST|PUT|DELETE) (\S+)\n(\{.*\}\n)?(\d{3})\n```$", GUIDE, flags=re.MULTILINE)


async def test_every_request_of_the_guide_is_answered_as_it_says(planner: Planning) -> None:
    assert len(REQUESTS) == GUIDE.count("```\n") // 2
    base = ""
    for method, path, body, status in REQUESTS:
        sent: dict[str, Any] = {"json": json.loads(body.replace("{base of merge}", base))} if body else {}
        answer = await planner.send(method, path, **sent)
        if answer.status_code == 202:  # on a busy machine, as the guide says
            answer = await planner.send("GET", answer.headers.get("Location", path.removesuffix("/day")))
            await planner.settled(answer.json()["name"])
        else:
            assert answer.status_code == int(status), answer.text
        if path == "/branches":
            base = (await planner.settled(answer.json()["name"]))["base"]["id"]
