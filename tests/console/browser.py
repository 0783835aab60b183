"""Real Chromium for the console's tests: one for all of them, with a context for each person."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route, async_playwright

from tests.support.tools import PROGRAMS, node_tools, run

_LONGEST_WAIT = 180_000
"""Milliseconds: a machine that runs tests in two processes may be slow."""
_NOT_DRAWN, _TRIES = "The drawing is not available at the moment", 40
WIDTHS = (320, 768, 1280)
_TOOLS = Path(__file__).parents[1] / "demo"
_UNPACK = "import chromium from '@sparticuz/chromium'; await chromium.executablePath()"
_OPTIONS = ("--no-sandbox", "--disable-background-networking", "--font-render-hinting=none", "--disable-gpu")
_AXE_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
_TWICE = "html { font-size: 200% }"


def unpacked() -> Path:
    """Return the folder with Chromium, its fonts and the libraries that a bare machine lacks; unpacked once."""
    tools = node_tools(_TOOLS)
    folder = tools / "unpacked"
    if not (folder / "whole").exists():
        folder.mkdir(exist_ok=True)
        script = tools / "unpack.mjs"
        script.write_text(_UNPACK)
        # It unpacks its libraries only where it takes the machine for the one that it was made for.
        run([PROGRAMS / "node", script], tools, TMPDIR=str(folder), AWS_EXECUTION_ENV="AWS_Lambda_nodejs24.x")
        (folder / "whole").touch()
    return folder


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run one Chromium."""
    folder = unpacked()
    variables: dict[str, str | float | bool] = {
        **os.environ,
        "FONTCONFIG_PATH": str(folder / "fonts"),
        "LD_LIBRARY_PATH": str(folder / "al2023" / "lib"),
    }
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(folder / "chromium"), args=list(_OPTIONS), env=variables
        )
        yield browser
        await browser.close()


@dataclass
class Tab:
    """One page in a browser, signed in as a person; what it must not do is in `faults`."""

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)
    """Violations of the content security policy, errors of scripts, and requests to other hosts."""

    async def open(self, path: str) -> None:
        """Open a page of the console; fails where it is not shown."""
        answer = await self.page.goto(f"{self.address}{path}")
        assert answer is not None
        assert answer.status < 500, f"{path}: {answer.status}"
        await self.drawn()

    async def drawn(self) -> None:
        """Load the page again until its charts are drawn: a page waits for them a moment only."""
        for _ in range(_TRIES):
            if _NOT_DRAWN not in await self.page.content():
                return
            await self.page.reload()
        raise AssertionError(f"{self.page.url} has no drawing")

    async def text(self) -> str:
        """Return the text of the page's main part."""
        return await self.page.inner_text("main")

    async def axe(self) -> list[str]:
        """Return what axe-core finds against WCAG 2.2 A and AA, each with where it is."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(_axe())
        found: dict[str, Any] = await self.page.evaluate("rules => axe.run(document, rules)", _AXE_RULES)
        return [
            f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    async def scrolls_sideways(self) -> bool:
        """Whether the page, with its styles, is wider than the window: after a click its text may be there before."""
        await self.page.wait_for_load_state()
        return bool(await self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    async def enlarge_text(self) -> None:
        """Show texts at twice their size, as a person does who sees badly."""
        script = "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s] }"
        await self.page.evaluate(script, _TWICE)

    async def screenshot(self, file: Path) -> None:
        """Store a picture of the whole page, to be looked at."""
        await self.page.screenshot(path=file, full_page=True)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.faults.append(message.text)

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and f"{parts.scheme}://{parts.netloc}" != self.address:
            self.faults.append(f"asks another host: {request.url}")

    def listen(self) -> None:
        """Record faults from now on."""
        self.page.on("console", self._on_console)
        self.page.on("request", self._on_request)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))


@dataclass
class People:
    """Opens the console at an address as one of the demo's persons."""

    browser: Browser
    address: str
    _signed_in: dict[str, Any] = field(default_factory=dict)
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def as_person(self, name: str, *, width: int = 1280, scripts: bool = True) -> Tab:
        """Return a tab in which this person is signed in; `commissioner@05C` is the one of that body alone.

        Without scripts those of the console are not fetched, which is what a person sees whose browser runs none.
        """
        context = await self.browser.new_context(
            storage_state=await self._state(name), viewport={"width": width, "height": 900}, locale="en-GB"
        )
        self._contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(_LONGEST_WAIT)
        if not scripts:
            await page.route("**/*.js", _refuse)
        tab = Tab(page, self.address)
        tab.listen()
        return tab

    async def cookies(self, name: str) -> str:
        """Return the header of cookies of a person who is signed in."""
        return "; ".join(f"{one['name']}={one['value']}" for one in (await self._state(name))["cookies"])

    async def close(self) -> None:
        """Close what the last test opened."""
        while self._contexts:
            await self._contexts.pop().close()

    async def _state(self, name: str) -> Any:
        if name not in self._signed_in:
            self._signed_in[name] = await self._sign_in(name)
        return self._signed_in[name]

    async def _sign_in(self, name: str) -> Any:
        """Sign in as a person does: by the console's link, and a choice on the issuer's page."""
        user, _, code = name.partition("@")
        context = await self.browser.new_context(locale="en-GB")
        page = await context.new_page()
        page.set_default_timeout(_LONGEST_WAIT)
        await page.goto(f"{self.address}/sign-in")
        await page.get_by_role("button", name="Sign in", exact=True).click()
        if code:
            await page.fill(f"#body-{user}", code)
        await page.get_by_role("button", name=f"Sign in as {user}", exact=True).click()
        await page.wait_for_url(f"{self.address}/")
        state = await context.storage_state()
        await context.close()
        return state


async def _refuse(route: Route) -> None:
    await route.abort()


@cache
def _axe() -> str:
    return (node_tools(_TOOLS) / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
