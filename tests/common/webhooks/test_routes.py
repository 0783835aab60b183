"""Webhooks over HTTP: each caller's own, operators see all without secrets, and what cannot be is refused whole."""

import base64
import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from libs.common.identity import Role
from libs.common.webhooks.commands import MOST_WEBHOOKS
from tests.common.webhooks.conftest import Stage, Taken, Target

URL = "https://partner.example/footprint"


def content(taken: Taken) -> bytes:
    """What is signed."""
    return b".".join([taken.event.encode(), taken.headers["webhook-timestamp"].encode(), taken.body])


def is_signed_with(secret: str, taken: Taken) -> list[bool]:
    """Which signatures are by this secret."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = base64.b64encode(hmac.digest(key, content(taken), hashlib.sha256)).decode()
    return [one == f"v1,{right}" for one in taken.headers["webhook-signature"].split(" ")]


async def test_a_delivery_is_verified_by_the_secret_that_was_shown_once(stage: Stage, target: Target) -> None:
    stage.send()
    made = await stage.register(f"{target.address}/hook?of=1")
    assert made["secret"].startswith("whsec_")
    assert "secret" not in await stage.state(made["number"])
    await stage.light("AAA")
    [taken, *_] = await target.takes(2)
    assert taken.path == "/hook?of=1"
    assert is_signed_with(made["secret"], taken) == [True]
    renewed = (await stage.client.post(f"/v1/webhooks/{made['number']}/secret")).json()
    assert renewed["secret"] != made["secret"]
    await stage.light("BBB")
    last = (await target.takes(4))[-1]
    assert is_signed_with(renewed["secret"], last) == [True, False]
    assert is_signed_with(made["secret"], last) == [False, True]


async def test_with_ed25519_the_partner_has_the_public_key_alone(stage: Stage, target: Target) -> None:
    stage.send()
    made = await stage.register(target.address, signing="ed25519")
    assert made["secret"] is None
    assert (await stage.state(made["number"]))["public_key"] == made["public_key"]
    await stage.light("AAA")
    [taken, *_] = await target.takes(1)
    scheme, _, signed = taken.headers["webhook-signature"].partition(",")
    assert scheme == "v1a"
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(made["public_key"].removeprefix("whpk_")))
    key.verify(base64.b64decode(signed), content(taken))


async def test_a_webhook_is_seen_by_its_owner_and_by_operators_without_its_secret(stage: Stage) -> None:
    made = await stage.register(URL, types=["BeaconLit"], organisations=["aaa"])
    path = f"/v1/webhooks/{made['number']}"
    other = stage.tokens.header(Role.PARTNER, subject="other")
    operator = stage.tokens.header(Role.OPERATOR, subject="operator", organisations=())
    assert (await stage.client.get("/v1/webhooks")).json()["items"][0]["url"] == URL
    assert (await stage.client.get("/v1/webhooks", headers=other)).json()["items"] == []
    [seen] = (await stage.client.get("/v1/webhooks", headers=operator)).json()["items"]
    assert (seen["owner"], seen["types"], seen["organisations"]) == ("somebody", ["BeaconLit"], ["AAA"])
    assert made["secret"] not in (await stage.client.get(path, headers=operator)).text
    assert "secret" not in seen
    body: dict[str, Any] = {"url": URL}
    match = {"If-Match": '"1"'}
    for method, below, sent in (
        ("GET", "", None),
        ("PUT", "", body),
        ("DELETE", "", None),
        ("POST", "/pause", None),
        ("POST", "/resume", {}),
        ("POST", "/secret", None),
        ("GET", "/dead-letters", None),
        ("POST", "/redelivery", {}),
    ):
        answer = await stage.client.request(method, f"{path}{below}", json=sent, headers=other | match)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "webhook-not-found"), below
        nothing = await stage.client.request(
            method, f"{path}{below}", json=sent, headers=stage.tokens.header(Role.REGISTRAR) | match
        )
        assert nothing.status_code == 403, below
        by_operator = await stage.client.request(
            method,
            f"{path}{below}?dry_run=true" if method != "GET" else f"{path}{below}",
            json=sent,
            headers=operator | match,
        )
        assert by_operator.is_success == (method in {"GET", "DELETE"} or below == "/pause"), (method, below)
    assert (await stage.client.post("/v1/webhooks", json=body, headers=operator)).status_code == 403


async def test_a_change_needs_the_version_and_renews_the_rights(stage: Stage) -> None:
    own = stage.tokens.header(Role.PARTNER, subject="keeper", organisations=("BBB", "CCC"))
    made = await stage.register(URL, caller=own)
    path = f"/v1/webhooks/{made['number']}"
    fewer = stage.tokens.header(Role.PARTNER, subject="keeper", organisations=("BBB",))
    body = {"url": f"{URL}/2", "types": ["BeaconLit"]}
    assert (await stage.client.put(path, json=body, headers=fewer)).status_code == 428
    assert (await stage.client.put(path, json=body, headers=fewer | {"If-Match": '"7"'})).status_code == 412
    changed = await stage.client.put(path, json=body, headers=fewer | {"If-Match": '"1"'})
    assert changed.headers["etag"] == '"2"'
    assert (changed.json()["url"], changed.json()["acts_for"], made["acts_for"]) == (
        f"{URL}/2",
        ["BBB"],
        ["BBB", "CCC"],
    )
    assert (await stage.client.delete(path, headers=fewer | {"If-Match": '"1"'})).status_code == 412
    assert (await stage.client.delete(path, headers=fewer | {"If-Match": '"2"'})).status_code == 204
    assert (await stage.client.get(path, headers=fewer)).status_code == 404


async def test_rights_that_were_not_confirmed_pause_a_webhook(stage: Stage, target: Target) -> None:
    made = await stage.register(target.address)
    async with stage.app.state.database.connect() as connection:
        await connection.execute("UPDATE webhook SET confirmed_at = confirmed_at - interval '91 days'")
    await stage.light("AAA")
    await stage.published(2)
    stage.send()
    found = await stage.reaches(made["number"], state="paused")
    assert found["reason"] == "its rights were not confirmed for 90 days: resume it"
    assert target.taken == []
    assert (await stage.client.post(f"/v1/webhooks/{made['number']}/resume", json={})).is_success
    await stage.reaches(made["number"], position=2)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"url": "http://partner.example/"}, ["url"]),
        (
            {"url": "https://10.0.0.1/", "types": ["BeaconLit", "BeaconLitt"], "watch_list": 1},
            ["url", "types.1", "watch_list"],
        ),
        ({"url": URL, "types": ["CCGMerged"]}, ["types.0"]),
    ],
)
async def test_what_cannot_be_is_refused_with_every_reason(
    stage: Stage, body: dict[str, Any], fields: list[str]
) -> None:
    refused = await stage.register(body.pop("url"), expect=422, **body)
    assert refused["type"].endswith("/webhook-refused")
    assert [reason["field"] for reason in refused["reasons"]] == fields


async def test_a_position_that_the_log_has_not_is_refused(stage: Stage) -> None:
    refused = await stage.register(URL, expect=409, after=1)
    assert refused["type"].endswith("/epoch-ended")
    assert (await stage.register(URL, after=None))["position"] == 0


async def test_a_caller_has_at_most_twenty(stage: Stage) -> None:
    for _ in range(MOST_WEBHOOKS):
        await stage.register(URL)
    refused = await stage.register(URL, expect=409)
    assert refused["type"].endswith("/too-many-webhooks")
    page = (await stage.client.get("/v1/webhooks?limit=15")).json()
    rest = (await stage.client.get(page["next"])).json()
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (15, 5, None)


async def test_where_none_are_sent_none_is_registered(stage: Stage) -> None:
    made = await stage.register(URL)
    stage.app.state.settings = stage.app.state.settings.model_copy(update={"webhook_targets": "none"})
    assert (await stage.register(URL, expect=409))["type"].endswith("/webhooks-off")
    resumed = await stage.client.post(f"/v1/webhooks/{made['number']}/resume", json={})
    assert (resumed.status_code, resumed.json()["type"].rpartition("/")[2]) == (409, "webhooks-off")
