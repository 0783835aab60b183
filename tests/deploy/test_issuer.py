"""The laptop's issuer: tokens for demo users, on this machine only, that outlive a restart."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deploy.laptop.issuer import DEMO_PASSWORD, DemoUser, Issuer
from libs.common.http.tokens import Keys, Verifier
from libs.common.identity import Role

URL = "http://127.0.0.1:8000/identity"
ADA = DemoUser("ada", frozenset({Role.REGISTRAR}), frozenset({"10G"}))
GRACE = DemoUser("grace", frozenset({Role.CONTRACT_LEAD}), frozenset({"*"}), may_be_one_body=True)
PASSWORD = {"grant_type": "password", "username": "ada", "password": DEMO_PASSWORD}


def issuer_in(folder: Path) -> Issuer:
    return Issuer(url=URL, folder=folder, audiences={"registry", "finance"}, users=[ADA, GRACE])


def client_of(issuer: Issuer, *, address: str = "127.0.0.1", name: str = "127.0.0.1:8000") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=issuer.app(), client=(address, 4711))
    return httpx.AsyncClient(transport=transport, base_url=f"http://{name}")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(issuer_in(tmp_path)) as client:
        yield client


class Served(Keys):
    """Keys as this issuer serves them."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        super().__init__("https://unused.test")
        self._client = client

    async def _download(self) -> object:
        return (await self._client.get("/keys")).json()


@pytest.mark.parametrize(
    "form",
    [PASSWORD, {"grant_type": "client_credentials", "client_id": "ada", "client_secret": DEMO_PASSWORD}],
)
async def test_a_demo_user_gets_a_token_that_counts_for_each_service(
    client: httpx.AsyncClient, form: dict[str, str]
) -> None:
    answer = await client.post("/token", data=form)
    assert (answer.status_code, answer.headers["Cache-Control"], answer.json()["token_type"]) == (
        200,
        "no-store",
        "Bearer",
    )
    for audience in ("registry", "finance"):
        verifier = Verifier(issuer=URL, audience=audience, keys=Served(client))
        caller = await verifier.caller(answer.json()["access_token"])
        assert (caller.subject, caller.roles, caller.organisations) == ("ada", ADA.roles, ADA.organisations)


async def test_a_user_of_every_body_signs_in_for_one_of_them_too(client: httpx.AsyncClient) -> None:
    answer = await client.post("/token", data=PASSWORD | {"username": "grace@05C"})
    caller = await Verifier(issuer=URL, audience="finance", keys=Served(client)).caller(answer.json()["access_token"])
    assert (caller.subject, caller.roles, caller.organisations) == ("grace@05C", GRACE.roles, frozenset({"05C"}))


ORIGIN = "http://localhost:5173"


async def test_a_front_end_in_a_browser_signs_in_where_its_origin_is_allowed(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(app=issuer_in(tmp_path).app((ORIGIN,)), client=("127.0.0.1", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-requested-with"}
        preflight = await client.options("/token", headers={"Origin": ORIGIN, **asked})
        assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
        for form, status in ((PASSWORD, 200), (PASSWORD | {"password": "wrong"}, 400)):
            answer = await client.post("/token", data=form, headers={"Origin": ORIGIN})
            assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, ORIGIN)
            assert "Origin" in answer.headers["Vary"]
        other = await client.post("/token", data=PASSWORD, headers={"Origin": "https://elsewhere.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
        refused = await client.options("/token", headers={"Origin": "https://elsewhere.example", **asked})
        assert refused.status_code == 400


async def test_no_origin_is_allowed_unless_it_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/token", data=PASSWORD, headers={"Origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"password": "wrong"}, "invalid_grant"),
        ({"username": "nobody"}, "invalid_grant"),
        ({"username": "ada@05C"}, "invalid_grant"),
        ({"username": "grace@a body"}, "invalid_grant"),
        ({"username": "grace@"}, "invalid_grant"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"username": "x" * 5_000}, "unsupported_grant_type"),
    ],
)
async def test_whoever_is_no_demo_user_gets_none(client: httpx.AsyncClient, change: dict[str, str], error: str) -> None:
    refused = await client.post("/token", data=PASSWORD | change)
    assert (refused.status_code, refused.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.168.1.20", "127.0.0.1:8000"),
        ("127.0.0.1", "evil.example"),
        ("10.0.0.1", "localhost"),
        ("::ffff", "localhost"),
    ],
)
async def test_another_machine_or_a_page_under_another_name_gets_none(tmp_path: Path, address: str, name: str) -> None:
    async with client_of(issuer_in(tmp_path), address=address, name=name) as client:
        for answer in (await client.post("/token", data=PASSWORD), await client.get("/keys")):
            assert answer.status_code == 403


@pytest.mark.parametrize(
    ("address", "name"), [("127.0.0.1", "localhost:8000"), ("::1", "[::1]:8000"), ("127.0.0.1", "[::1]")]
)
async def test_this_machine_is_answered_under_each_of_its_names(tmp_path: Path, address: str, name: str) -> None:
    async with client_of(issuer_in(tmp_path), address=address, name=name) as client:
        assert (await client.post("/token", data=PASSWORD)).status_code == 200


async def test_the_key_is_kept_for_its_owner_alone_and_tokens_outlive_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "identity"
    token = issuer_in(folder).token_for(ADA)
    [file] = list(folder.iterdir())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    async with client_of(issuer_in(folder)) as client:
        keys = (await client.get("/keys")).json()["keys"]
        assert "d" not in keys[0]
        verifier = Verifier(issuer=URL, audience="registry", keys=Served(client))
        assert (await verifier.caller(token)).subject == "ada"


async def test_the_issuer_tells_where_its_addresses_are(client: httpx.AsyncClient) -> None:
    told = (await client.get("/.well-known/openid-configuration")).json()
    assert (told["issuer"], told["token_endpoint"], told["jwks_uri"]) == (URL, f"{URL}/token", f"{URL}/keys")
