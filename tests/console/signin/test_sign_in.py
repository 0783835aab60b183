"""Sign-in at the laptop's issuer by the console: what is taken, what is refused, and how a session lives and ends."""

import base64
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import ValidationError
from starlette.requests import Request

from console.app import create_console
from console.settings import Settings
from console.signin.oidc import Attempt, SignInRefused
from console.signin.oidc import Issuer as OpenIdIssuer
from console.signin.sessions import LONGEST_SECONDS, Content, Sessions
from tests.console.apps import ADDRESS, CLIENT, Browser, Recorded, console_over, hidden, issuer_in, settings_in

STATED = {"csrf": "", "form_key": ""}


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back_to_the_page(tmp_path: Path) -> None:
    async with console_over({}, tmp_path, signed_in=False) as browser:
        asked = await browser.client.post("/sign-out", data=STATED)
        assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2F")
        returned = await browser.sign_in(wanted="/organisations/05C%3Fas_at=2018-04-01")
        assert (returned.status_code, returned.headers["location"]) == (303, "/organisations/05C?as_at=2018-04-01")
        page = await browser.get("/sign-in")
        assert ">ada<" in page.text
        cookie = returned.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=lax" in cookie.lower()


async def test_another_site_is_no_place_to_come_back_to(tmp_path: Path) -> None:
    for wanted in ("https://evil.test/", "//evil.test/", "/%5Cevil.test"):
        async with console_over({}, tmp_path, signed_in=False) as browser:
            assert (await browser.sign_in(wanted=wanted)).headers["location"] in ("/", "/%5Cevil.test")


async def _begun(browser: Browser) -> dict[str, str]:
    begun = await browser.client.get("/sign-in/begin")
    return {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()}


async def _chosen(browser: Browser, asked: dict[str, str], **changes: str) -> httpx.Response:
    issuer = httpx.ASGITransport(app=browser.issuer.app(), client=CLIENT)
    async with httpx.AsyncClient(transport=issuer, base_url="http://127.0.0.1:8000") as client:
        return await client.post("/authorize", data={**asked, "user": "ada", **changes})


async def test_a_code_works_once_and_only_with_the_state_of_this_browser(tmp_path: Path) -> None:
    async with console_over({}, tmp_path, signed_in=False) as browser:
        chosen = await _chosen(browser, await _begun(browser))
        path = chosen.headers["location"].removeprefix(ADDRESS)
        forged = await browser.client.get(path.replace("state=", "state=x"))
        assert forged.status_code == 403
        assert (await browser.client.get(path)).status_code == 303
        assert (await browser.client.get(path)).status_code == 403


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nonce": "another"}, "another sign-in"),
        ({"code_challenge": "another"}, "code_verifier does not fit"),
    ],
)
async def test_an_answer_to_another_question_is_refused(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    async with console_over({}, tmp_path, signed_in=False) as browser:
        chosen = await _chosen(browser, await _begun(browser), **changes)
        refused = await browser.client.get(chosen.headers["location"].removeprefix(ADDRESS))
        assert refused.status_code == 403
        assert words in refused.text


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.test/sign-in/return"},
        {"redirect_uri": "http://127.0.0.1:8005/elsewhere"},
        {"redirect_uri": "http://ada@127.0.0.1:8005/sign-in/return"},
        {"client_id": "another"},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
    ],
)
async def test_the_issuer_sends_nobody_to_an_address_that_it_does_not_know(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    async with console_over({}, tmp_path, signed_in=False) as browser:
        refused = await _chosen(browser, await _begun(browser), **changes)
        assert (refused.status_code, refused.headers.get("location")) == (400, None)


async def test_the_issuer_offers_its_persons_by_what_they_do(tmp_path: Path) -> None:
    async with console_over({}, tmp_path, signed_in=False) as browser:
        asked = await _begun(browser)
        issuer = httpx.ASGITransport(app=browser.issuer.app(), client=CLIENT)
        async with httpx.AsyncClient(transport=issuer, base_url="http://127.0.0.1:8000") as client:
            shown = await client.get("/authorize", params=asked)
            wrong = await client.post("/authorize", data={**asked, "user": "ada", "code_of_body": "not a code"})
        assert "does everything in tests" in shown.text
        assert f"form-action 'self' {ADDRESS}" in shown.headers["content-security-policy"]
        assert (wrong.status_code, "There is no user" in wrong.text) == (400, True)


async def test_a_form_of_another_session_or_site_is_refused(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        page = await browser.get("/sign-in")
        token = hidden(page.text, "csrf")
        for data, headers in (
            ({}, {}),
            ({"csrf": "x"}, {}),
            ({"csrf": token[:-4] + "AAA="}, {}),
            ({"csrf": token}, {"Origin": "https://evil.test"}),
        ):
            assert (await browser.client.post("/sign-out", data=data, headers=headers)).status_code == 403
        again = await browser.get("/sign-in")
        assert hidden(again.text, "csrf") != token  # masked anew on each page
        out = await browser.client.post("/sign-out", data={"csrf": token}, headers={"Origin": ADDRESS})
        assert out.status_code == 303
        assert "/end-session?" in out.headers["location"]
        assert ">ada<" not in (await browser.get("/sign-in")).text


async def test_a_token_that_is_over_is_fetched_anew_once_for_all_processes(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        sessions = browser.app.state.sign_in.sessions
        [(name, session_id)] = list(browser.client.cookies.items())
        assert name == "footprint-8005"
        content = sessions.read(session_id)
        first = content.access_token
        content.renew_at = time.time() - 1
        sessions.write(session_id, content)
        session = await browser.app.state.console.session_of(_request(browser, session_id))
        other = await browser.app.state.console.session_of(_request(browser, session_id))
        assert sessions.begin_refresh(session_id)
        assert not sessions.begin_refresh(session_id)
        sessions.write(session_id, content)
        assert await session.token() not in ("", first)
        assert await other.token() == await session.token()


async def _with_a_token_that_is_over(browser: Browser, *, since: float) -> str:
    """Let the session's token be due for renewal, and over since so many seconds; return the session's id."""
    [session_id] = browser.client.cookies.values()
    sessions = browser.app.state.sign_in.sessions
    content = sessions.read(session_id)
    content.renew_at, content.expires_at = 0.0, time.time() - since
    sessions.write(session_id, content)
    return str(session_id)


async def test_an_issuer_that_does_not_answer_ends_no_session(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        session_id = await _with_a_token_that_is_over(browser, since=-20)
        browser.transport.answers["issuer"] = None
        assert (await browser.get("/mergers")).status_code == 200  # the old token is good for a while yet
        await _with_a_token_that_is_over(browser, since=1)
        page = await browser.get("/mergers")
        assert page.status_code == 503
        assert "The sign-in service does not answer" in page.text
        assert ">ada<" in page.text
        assert browser.app.state.sign_in.sessions.begin_refresh(session_id)  # whoever asks next tries again


async def test_a_refresh_that_the_issuer_refuses_ends_the_session(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        session_id = await _with_a_token_that_is_over(browser, since=1)
        sessions = browser.app.state.sign_in.sessions
        content = sessions.read(session_id)
        content.refresh_token = "was used"
        sessions.write(session_id, content)
        page = await browser.get("/mergers")
        assert str(page.url) == f"{ADDRESS}/sign-in?next=%2Fmergers&ended=1"
        assert sessions.read(session_id) is None


async def test_to_begin_a_sign_in_and_leave_it_keeps_who_is_signed_in(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        [before] = browser.client.cookies.values()
        asked = await _begun(browser)
        assert ">ada<" in (await browser.get("/sign-in")).text
        chosen = await _chosen(browser, asked)
        returned = await browser.client.get(chosen.headers["location"].removeprefix(ADDRESS))
        assert returned.status_code == 303
        [after] = browser.client.cookies.values()
        assert after != before
        assert browser.app.state.sign_in.sessions.read(before) is None


async def test_behind_a_proxy_the_cookie_is_of_the_public_address(tmp_path: Path) -> None:
    settings = settings_in(tmp_path).model_copy(update={"public_url": "https://footprint.test"})
    app = create_console(settings, transport=Recorded({}, issuer_in(tmp_path)))
    served = httpx.ASGITransport(app=app, client=("172.18.0.1", 4711))
    async with httpx.AsyncClient(transport=served, base_url="http://console:8000") as client:
        begun = await client.get("/sign-in/begin", headers={"Host": "evil.test"})
        slash = await client.get("/mergers/", headers={"Host": "evil.test"})
    assert begun.headers["set-cookie"].startswith("__Host-footprint-sign-in=")
    assert "; Secure" in begun.headers["set-cookie"]
    assert "redirect_uri=https%3A%2F%2Ffootprint.test%2Fsign-in%2Freturn" in begun.headers["location"]
    assert slash.headers["location"] == "https://footprint.test/mergers"


class Foreign(httpx.AsyncBaseTransport):
    """An issuer of another make: its name ends in a slash, its endpoints have queries and are elsewhere."""

    def __init__(self, **more: Any) -> None:
        self.more = more
        self.sent: list[httpx.Request] = []
        self.key = ECKey.generate_key("P-256", parameters={"kid": "k"})
        self.nonce = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.sent.append(request)
        match request.url.path:
            case "/t/.well-known/openid-configuration":
                return httpx.Response(200, json={**FOREIGN, **self.more})
            case "/keys":
                return httpx.Response(200, json={"keys": [{"kty": "new"}, self.key.as_dict(private=False)]})
        claims = {"iss": FOREIGN["issuer"], "aud": "c", "sub": "s", "nonce": self.nonce, "exp": time.time() + 60}
        token = jwt.encode({"alg": "ES256", "kid": "k"}, claims, self.key)
        return httpx.Response(200, json={"access_token": "a", "id_token": token, "expires_in": "20"})


FOREIGN = {
    "issuer": "https://tenant.test/t/",
    "authorization_endpoint": "https://login.test/authorize?p=policy",
    "token_endpoint": "https://login.test/token",
    "jwks_uri": "https://login.test/keys",
    "end_session_endpoint": "https://login.test/out?p=policy",
}


def _foreign(tmp_path: Path, transport: Foreign) -> OpenIdIssuer:
    given = settings_in(tmp_path).model_dump() | {"issuer": FOREIGN["issuer"], "client_id": "c", "client_secret": "s:t"}
    return OpenIdIssuer(Settings(**given), transport=transport)


async def test_an_issuer_of_another_make_is_understood(tmp_path: Path) -> None:
    transport = Foreign()
    issuer, attempt = _foreign(tmp_path, transport), Attempt.new(ADDRESS)
    transport.nonce = attempt.nonce
    assert (await issuer.address(attempt)).startswith("https://login.test/authorize?p=policy&response_type=code&")
    tokens = await issuer.redeem("code", attempt)
    assert (tokens.claims["sub"], tokens.refresh) == ("s", "")
    assert tokens.renew_at == pytest.approx(tokens.expires_at - 10)  # half its life, since that is short
    sent = transport.sent[-1]
    assert sent.headers["authorization"] == f"Basic {base64.b64encode(b'c:s%3At').decode()}"
    assert b"client_secret" not in sent.content
    assert (await issuer.logout_address("", console=ADDRESS) or "").startswith("https://login.test/out?p=policy&post_")


@pytest.mark.parametrize(
    ("more", "given", "words"),
    [
        ({"authorization_response_iss_parameter_supported": True}, None, "another issuer"),
        ({}, "https://tenant.test/t", "another issuer"),
        ({"token_endpoint": None}, None, "no token_endpoint"),
        ({"issuer": "https://tenant.test/t"}, None, "names another issuer"),
    ],
)
async def test_an_issuer_that_contradicts_itself_is_refused(
    tmp_path: Path, more: dict[str, Any], given: str | None, words: str
) -> None:
    with pytest.raises(SignInRefused, match=words):
        await _foreign(tmp_path, Foreign(**more)).redeem("code", Attempt.new(ADDRESS), issuer=given)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("public_url", "https://footprint.test/console", "must be a host"),
        ("public_url", "footprint.test", "must be an address"),
        ("provenance_url", "provenance:8000", "must be an address"),
        ("session_key", "short", "must be 32 bytes"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, name: str, given: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Settings(**(settings_in(tmp_path).model_dump() | {name: given}))


def test_the_public_address_is_as_browsers_write_it(tmp_path: Path) -> None:
    given = settings_in(tmp_path).model_dump() | {"public_url": "https://Footprint.Test:443/"}
    assert Settings(**given).public_url == "https://footprint.test"


def _request(browser: Browser, session_id: str) -> Request:
    headers = [(b"host", b"127.0.0.1:8005"), (b"cookie", f"footprint-8005={session_id}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "query_string": b"", "scheme": "http"}
    return Request({**scope, "server": ("127.0.0.1", 8005), "app": browser.app})


def test_sessions_are_stored_as_hashes_and_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions(tmp_path / "sessions.db", "")
    session_id = sessions.open(Content(access_token="secret-token"))
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("sessions.db*"))
    assert b"secret-token" not in stored
    assert session_id.encode() not in stored
    other = Sessions(tmp_path / "sessions.db", "")
    found = other.read(session_id)
    assert found is not None
    assert found.access_token == "secret-token"
    sessions.say(session_id, "Notice is served.")
    assert (other.take_banner(session_id), other.take_banner(session_id)) == ("Notice is served.", "")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + LONGEST_SECONDS + 1)
    assert other.read(session_id) is None
