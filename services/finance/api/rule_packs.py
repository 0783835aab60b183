"""Rule packs over HTTP: the rates a head, with their sources."""

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel, Field

from libs.common.http.dependencies import By, problems
from libs.common.money import pounds
from services.finance.rates import PACKS

router = APIRouter(tags=["Rule packs"])


class RulePackView(BaseModel):
    """A dated rate, and where it is written."""

    id: str = Field(examples=["rca-2013-14"])
    subject: str = Field(examples=["running-cost-allowance"])
    title: str
    citation: str
    effective_from: date
    effective_to: date | None = Field(description="The last day.")
    weight: str
    status: str
    note: str = Field(description="What else the source says, such as a second figure.")
    rate_pence: int = Field(description="Pence a head.", examples=[2500])
    rate: str = Field(examples=["£25.00"])


@router.get("/rule-packs", summary="List the rates a head, with their sources", responses=problems())
async def list_rule_packs(_: By) -> list[RulePackView]:
    """Every pack, by its first day. A year without one is answered with the last one before, and says so."""
    return [
        RulePackView(
            **pack.model_dump(include=set(RulePackView.model_fields) & set(type(pack).model_fields)),
            rate_pence=pack.values["rate_pence"],
            rate=pounds(pack.values["rate_pence"]),
        )
        for pack in PACKS
    ]
