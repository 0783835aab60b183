"""The routes of rule packs."""

from typing import Annotated

from fastapi import Path

from libs.common.http.dependencies import By, problems, questions_router
from libs.common.rulepacks import RulePack
from services.governance.core.catalogue import PACKS
from services.governance.rule_packs.errors import RulePackNotFound
from services.governance.rule_packs.views import RulePackSummary, RulePackView

router = questions_router(tags=["Rule packs"])


@router.get("/rule-packs", summary="List the rule packs of governance", responses=problems())
async def list_rule_packs(_: By) -> list[RulePackSummary]:
    """List every pack by subject and first day, with its citation."""
    return [RulePackSummary.model_validate(pack) for pack in PACKS]


@router.get("/rule-packs/{pack}", summary="Read a rule pack with its values", responses=problems(RulePackNotFound))
async def get_rule_pack(
    _: By,
    pack: Annotated[
        str,
        Path(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,59}$",
            description="As an answer names it.",
            examples=["decision-rights-local"],
        ),
    ],
) -> RulePackView:
    """Return a pack on any subject: where it is written, from when it is known and in force, and its values."""
    return RulePackView.model_validate(_pack(pack))


def _pack(pack_id: str) -> RulePack:
    for pack in PACKS:
        if pack.id.casefold() == pack_id.casefold():
            return pack
    raise RulePackNotFound(f"there is no rule pack {pack_id}")
