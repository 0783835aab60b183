"""The first page waits for no service: it shows what is so, or was when it could last be read."""

import asyncio
import time

import httpx

from deploy.laptop.page import render
from deploy.laptop.state import Latest, Line, State


async def test_whoever_asks_while_the_services_are_slow_gets_what_was_so_before() -> None:
    known = State(today=[Line(sentence="106 CCGs", path="/registry/v1/counts")])
    slow = asyncio.Event()
    slow.set()

    async def read() -> State:
        await slow.wait()
        return known

    latest = Latest(read)
    assert await latest.state() is known
    slow.clear()
    began = time.monotonic()
    assert await latest.state() is known
    assert time.monotonic() - began < 5
    slow.set()
    assert await latest.state() is known


async def test_services_that_never_answered_leave_the_page_without_a_state_and_it_asks_again() -> None:
    async def read() -> State:
        raise httpx.ConnectError("they are starting")

    state = await Latest(read).state()
    page = render(state, status="", users=(), attribution="")
    assert "location.reload()" in page
    assert "The services have not answered yet" in page
