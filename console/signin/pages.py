"""The pages of sign-in: where it begins, where the issuer sends people back to, and the way out."""

import secrets
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.core.page import Page, get, is_own_path, post
from console.signin.oidc import RETURN_PATH, Attempt, SignInRefused
from console.signin.sign_in import OpenSession, SignIn, signed_in

_LONGEST_PATH = 2_000
"""A longer address is not come back to: the cookie has to carry it."""
_NO_STORE = {"Cache-Control": "no-store"}


async def sign_in(page: Page) -> Response:
    """Say what this is, and offer to sign in: a link, because a form may not lead to another site."""
    wanted = page.query.get("next", "/")
    begin = f"/sign-in/begin?{urlencode({'next': wanted})}"
    return page.render("signin/sign_in.html", title="Sign in", begin=begin, ended=page.query.get("ended"))


async def begin(page: Page) -> Response:
    """Send a person to the issuer."""
    sign_in: SignIn = page.request.app.state.sign_in
    attempt = Attempt.new(page.address)
    wanted = page.query.get("next", "/")
    try:
        address = await sign_in.issuer.address(attempt)
    except SignInRefused as error:
        return page.render("error.html", title="You cannot sign in at the moment", status=503, words=str(error))
    wanted = wanted if is_own_path(wanted) and len(wanted) <= _LONGEST_PATH else "/"
    return sign_in.begin(page.request, RedirectResponse(address, 303, headers=_NO_STORE), attempt, wanted)


async def come_back(page: Page) -> Response:
    """Take the issuer's answer, and open a session of a new id."""
    sign_in: SignIn = page.request.app.state.sign_in
    found = sign_in.begun(page.request)
    state = page.query.get("state", "")
    if found is None or not secrets.compare_digest(state.encode(), found[0].state.encode()):
        return _refused(page, "This sign-in was not begun in this browser, or it took too long.")
    attempt, wanted = found
    if "code" not in page.query:
        words = page.query.get("error_description") or page.query.get("error") or ""
        return sign_in.forget_attempt(page.request, _refused(page, words))
    try:
        tokens = await sign_in.issuer.redeem(page.query["code"], attempt, issuer=page.query.get("iss"))
    except SignInRefused as error:
        return sign_in.forget_attempt(page.request, _refused(page, str(error)))
    return sign_in.open(page.request, RedirectResponse(wanted, 303, headers=_NO_STORE), signed_in(tokens))


async def sign_out(page: Page) -> Response:
    """End the session here and, where the issuer offers it, there."""
    sign_in: SignIn = page.request.app.state.sign_in
    await page.form()
    session = page.session
    assert isinstance(session, OpenSession)
    session.end()
    try:
        address = await sign_in.issuer.logout_address(session.id_token, console=page.address)
    except SignInRefused:
        address = None
    return sign_in.forget(page.request, RedirectResponse(address or "/sign-in", 303, headers=_NO_STORE))


def ended(request: Request) -> Response:
    """Send a person whose session is over to sign in again, and back to the page that was asked for."""
    wanted = (
        "/" if request.method != "GET" else request.url.path + (f"?{request.url.query}" if request.url.query else "")
    )
    sign_in: SignIn = request.app.state.sign_in
    query = urlencode({"next": wanted, "ended": "1"})
    return sign_in.forget(request, RedirectResponse(f"/sign-in?{query}", 303, headers=_NO_STORE))


def _refused(page: Page, words: str) -> Response:
    return page.render("error.html", title="You are not signed in", status=403, words=words)


ROUTES: list[Route] = [
    get("/sign-in", sign_in, public=True),
    get("/sign-in/begin", begin, public=True),
    get(RETURN_PATH, come_back, public=True),
    post("/sign-out", sign_out),
]
