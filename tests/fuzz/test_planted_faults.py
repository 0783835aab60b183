"""The fuzzing sees: each fault that is planted in a service is named, and the sound route beside them is not."""

import re
from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, JSONResponse, Response

from libs.common.http.dependencies import binds_none, commands_router, problems
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.service.app import create_service
from tests.fuzz.fuzzing import fuzz, lasting_token
from tests.support import sample_service
from tests.support.edge import Tokens, running
from tests.support.sample_service import url

__all__ = ["url"]

reading = APIRouter()
writing = commands_router()


class Fire(BaseModel):
    """How high it burns."""

    height: int = Field(ge=0)


class Night(BaseModel):
    """When it burns."""

    on: date


@reading.get("/sound", responses=problems())
async def burns() -> Fire:
    """Answer as the document tells."""
    return Fire(height=1)


@reading.get("/fault/{height}", responses=problems())
async def divides(height: Annotated[int, Path(ge=0, le=3)]) -> Fire:
    """Fail for one of four heights."""
    return Fire(height=6 // (height - 2))


@reading.get("/shape", response_model=Fire, responses=problems())
async def answers_otherwise() -> Response:
    """Answer with a height that its schema does not allow."""
    return JSONResponse({"height": -1})


@reading.get("/status", response_model=Fire, responses=problems())
async def answers_with_another_status() -> Response:
    """Answer with a status that the document does not tell of."""
    return JSONResponse({"height": 1}, status_code=206)


@reading.get("/kind", response_model=Fire, responses=problems())
async def answers_with_a_page() -> Response:
    """Answer with another media type."""
    return HTMLResponse("<p>It burns.")


@writing.post("/laxity", responses=problems())
@binds_none(because="a night is no organisation")
async def takes_a_number_for_a_day(night: Night) -> Fire:
    """Take 0 for the first day of 1970, where the document asks for a day."""
    return Fire(height=night.on.day)


FAULTS = {
    "GET /v1/fault/{height}": "Server error",
    "GET /v1/shape": "Response violates schema",
    "GET /v1/status": "Undocumented status code",
    "GET /v1/kind": "Undocumented Content-Type",
    "POST /v1/laxity": "Schema-violating request accepted",
}


async def test_every_planted_fault_is_named_and_nothing_else(url: str, tokens: Tokens) -> None:
    service = replace(sample_service.SERVICE, routers=(reading, writing))
    app = create_service(service, tokens.settings(url), DirectBus({}))
    async with running(app):
        outcome = await fuzz(app, lasting_token(tokens, *Role), examples=10)
    assert outcome.code == 1, outcome.report
    _, *parts = re.split(r"^_{3,} (.+?) _{3,}$", outcome.report, flags=re.MULTILINE)
    named = dict(zip(parts[::2], parts[1::2], strict=True))
    assert named.keys() == FAULTS.keys(), outcome.report
    for operation, fault in FAULTS.items():
        assert fault in named[operation], outcome.report
