"""Dossiers over HTTP: who reads one, what is missing, and the zip that its own verifier checks with no code of ours."""

import io
import zipfile
from pathlib import Path
from typing import Any

import httpx

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.governance.dossiers.test_dossiers import BEFORE, MOVED, hear
from tests.support.apps import running_service
from tests.support.dossiers import INTACT, verdict
from tests.support.edge import Tokens
from tests.support.governance_harness import GovernanceHarness

PUBLISHERS = ("registry", "contracts", "finance")


def changed(archive: bytes, **files: bytes) -> bytes:
    """The archive with other content in some of its files."""
    new = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(new, "w") as written:
        for name in old.namelist():
            written.writestr(name, files.get(name.partition(".")[0], old.read(name)))
    return new.getvalue()


async def test_a_dossier_is_read_by_the_parties_and_exported_with_its_verifier(
    plan: tuple[GovernanceHarness, str], url: str, tokens: Tokens, tmp_path: Path
) -> None:
    harness, decision = plan
    path = f"/v1/decisions/{decision}/dossier"
    own = tokens.header(Role.GOVERNANCE_LEAD, organisations=("10H",))
    bus = DirectBus(dict.fromkeys(PUBLISHERS, url))
    async with running_service("governance", tokens.settings(url), bus, own) as (_, client):

        async def get(path: str, **headers: Any) -> httpx.Response:
            return await client.get(path, **headers)

        await client.put(
            "/v1/operations/clock", json={"moved_to": MOVED.isoformat()}, headers=tokens.header(Role.OPERATOR)
        )
        await hear(harness, "agreed", "signed")
        await client.put("/v1/operations/clock", json={"moved_to": "2018-04-02"}, headers=tokens.header(Role.OPERATOR))
        state = (await get(path)).json()
        assert (state["state"], state["pack"]) == ("open", "dossier-steps-2013")
        assert [one["step"] for one in state["missing"]][: len(BEFORE)] == list(BEFORE)
        assert {"step": "replaced", "title": "Each contract that it replaces ended", "about": "K-1"} in state["missing"]
        listed: list[dict[str, Any]] = []
        following = f"{path}/entries?limit=3"
        while following:
            page = (await get(following)).json()
            listed, following = listed + page["items"], page["next"]
        assert [one["number"] for one in listed] == list(range(1, state["entries"] + 1))
        for stranger in (("10Y",), ("05C",)):
            for one in (path, f"{path}/entries", f"{path}.zip"):
                answer = await get(one, headers=tokens.header(Role.GOVERNANCE_LEAD, organisations=stranger))
                assert answer.status_code == 403, "it bound 10H alone"
        assert (await get(path.replace(decision, f"D-{'0' * 36}"))).status_code == 404

        exported = (await get(f"{path}.zip")).content
        head = listed[-1]["hash"]
        assert (await get(f"{path}.zip")).content == exported
        assert verdict(tmp_path, exported, head) == INTACT
        with zipfile.ZipFile(io.BytesIO(exported)) as files:
            lines, hashes = files.read("entries.jsonl"), files.read("hashes.txt").split()
        first, *others = lines.splitlines(keepends=True)
        short = {"entries": b"".join(others), "hashes": b"\n".join(hashes[1:])}
        for files_ in (
            {"entries": lines.replace(b"10H", b"10Y", 1)},
            {"entries": b"".join(others) + first},
            {"entries": first + lines},
            short,
            {"entries": lines[:-1]},
            {"entries": b"".join(lines.splitlines(keepends=True)[:-1]), "hashes": b"\n".join(hashes[:-1])},
        ):
            code, wrong = verdict(tmp_path, changed(exported, **files_), head)
            assert code == 1, wrong
            assert wrong, files_
