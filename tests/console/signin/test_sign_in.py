"""Sign-in at the laptop's issuer by the console: what is taken, what is refused, and how a session lives and ends."""

import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.requests import Request

from console.signin.sessions import LONGEST_SECONDS, Content, Sessions
from tests.console.apps import ADDRESS, CLIENT, Browser, console_over, hidden

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
        content.expires_at = time.time() - 1
        sessions.write(session_id, content)
        session = await browser.app.state.console.session_of(_request(browser, session_id))
        other = await browser.app.state.console.session_of(_request(browser, session_id))
        assert sessions.begin_refresh(session_id)
        assert not sessions.begin_refresh(session_id)
        sessions.write(session_id, content)
        assert await session.token() not in ("", first)
        assert await other.token() == await session.token()


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
