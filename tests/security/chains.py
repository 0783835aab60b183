"""Who reads the provenance of which event: whoever reads it in the feed, and no other."""

import httpx

from libs.common.database.connection import Database


async def provenances_read(client: httpx.AsyncClient, headers: dict[str, str], database: Database) -> set[str]:
    """Return the ids of the events whose provenance these headers read, and check that of what is hidden nothing is."""
    read, causes = set(), set()
    for row in await database.fetch("SELECT event_id::text AS id FROM event_log ORDER BY position"):
        answer = await client.get(f"/v1/provenance/{row['id']}", headers=headers)
        assert answer.status_code in {200, 404}
        if answer.status_code == 200:
            read.add(row["id"])
            causes |= {one["id"] for one in answer.json()["because"] if one["kind"] == "request"}
    for cause in causes:
        effects = (await client.get(f"/v1/provenance/{cause}?limit=500", headers=headers)).json()["effects"]
        assert {one["id"] for one in effects["items"]} <= read
        assert effects["count"] == len(effects["items"])
    return read
