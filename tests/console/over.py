"""Real Chromium over recorded answers: what it asks for is handed to the console's app, and no port is opened."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Route

from tests.console.apps import ADDRESS, CLIENT, Recorded, console_over
from tests.console.browser import Tab


@asynccontextmanager
async def tab_over(
    chromium: Browser, answers: Mapping[str, Any], folder: Path, *, signed_in: bool = True
) -> AsyncIterator[tuple[Tab, Recorded]]:
    """Open a tab of the console over these answers; a redirect is followed here, so that its address stays."""
    context = await chromium.new_context(locale="en-GB")
    async with console_over(answers, folder, signed_in=signed_in) as over:
        served = httpx.ASGITransport(app=over.app, client=CLIENT, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=served, base_url=ADDRESS, cookies=over.client.cookies, follow_redirects=True
        ) as client:

            async def serve(route: Route) -> None:
                asked = route.request
                headers = {name: value for name, value in asked.headers.items() if name in ("content-type", "origin")}
                answer = await client.request(
                    asked.method, asked.url, content=asked.post_data_buffer or b"", headers=headers
                )
                media_type = answer.headers["content-type"]
                await route.fulfill(status=answer.status_code, body=answer.content, content_type=media_type)

            await context.route("**/*", serve)
            tab = Tab(await context.new_page(), ADDRESS)
            tab.listen()
            yield tab, over.transport
            await context.close()
