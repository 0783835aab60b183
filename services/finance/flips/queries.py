"""Appraises frozen versions under another rule pack, and says whose decision changes."""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

import asyncpg

from libs.common.database.connection import Reads
from libs.common.errors import DomainError
from libs.common.money import nearest_penny
from libs.common.rulepacks import RulePack
from services.finance.appraisals.comparisons import passes
from services.finance.appraisals.inputs import Inputs
from services.finance.appraisals.worth import Appraised, appraise
from services.finance.case_contents.assembly import Question, assemble
from services.finance.case_contents.content import CaseContent
from services.finance.cases.errors import InputNotFound
from services.finance.cases.presentation import lens_of
from services.finance.cases.queries import under_pack
from services.finance.cases.rules import preferred_of, ratio_text
from services.finance.core.packs import PACKS
from services.finance.core.sight import Sight
from services.finance.flips.views import FlipsView, FlipView

RATES, BENCHMARK = "discounting-standard", "benchmark-bcr"
COMPILED = ("deflator", "optimism-bias", "metb")
"""Subjects that a case is put together with, as values of units are: under another pack it is put together anew."""

_FROZEN = """
SELECT f.id, c.reference, c.organisation_code, f.version, f.inputs, d.content, f.organisations, d.on_day, f.stated_at
  FROM frozen_version f
  JOIN business_case c ON c.id = f.case_id
  JOIN case_draft d ON d.case_id = f.case_id AND d.version = f.version AND d.revision = f.revision
 WHERE f.id > $1 AND f.stated_at <= $2
   AND ($3::text[] IS NULL OR c.organisation_code = ANY($3) OR f.organisations && $3)
 ORDER BY f.id LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Looked:
    """A frozen version that was appraised under a pack; `flip` where its decision would be another one."""

    id: int
    organisations: tuple[str, ...]
    flip: FlipView | None


def may_flip(pack: RulePack) -> bool:
    """Whether decisions on cases rest on the subject of a pack."""
    return pack.subject in {RATES, BENCHMARK, *COMPILED} or pack.subject.startswith("unit-value-")


def pack_called(pack_id: str) -> RulePack:
    """Return a pack on which decisions rest. Raises InputNotFound."""
    pack = next((pack for pack in PACKS if pack.id == pack_id and may_flip(pack)), None)
    if pack is None:
        raise InputNotFound(f"{pack_id}: there is no such rule pack on which cases are decided")
    return pack


async def look_at(db: Reads, pack: RulePack, *, sight: Sight, known: datetime, after: int, limit: int) -> list[Looked]:
    """Appraise the next frozen versions under a pack, in the order in which they were frozen."""
    codes = None if sight.codes is None else sorted(sight.codes)
    found = []
    for row in await db.fetch(_FROZEN, after, known, codes, limit):
        inputs = Inputs.model_validate_json(row["inputs"])
        content = CaseContent.model_validate_json(row["content"])
        under = await _under(db, row, content, inputs, pack)
        flip = None if under is None else _flip(row, content.preferred, inputs, under, pack)
        found.append(Looked(row["id"], tuple(row["organisations"]), flip))
    return found


async def _under(db: Reads, row: asyncpg.Record, content: CaseContent, inputs: Inputs, pack: RulePack) -> Inputs | None:
    """Return the inputs under a pack; None where they have nothing of its subject, or cannot be put together anew."""
    own = inputs.packs.get(pack.subject)
    if own is None or own == pack.id:
        return None
    if pack.subject == RATES:
        return under_pack(inputs, pack.id)
    if pack.subject == BENCHMARK:
        ratio, packs = Fraction(str(pack.values["ratio"])), inputs.packs | {BENCHMARK: pack.id}
        return inputs.model_copy(update={"benchmark": ratio, "packs": packs})
    # What the frozen version itself does not come out of again would differ by more than the pack.
    if await _put_together(db, row, content, next(each for each in PACKS if each.id == own)) != inputs:
        return None
    return await _put_together(db, row, content, pack)


async def _put_together(db: Reads, row: asyncpg.Record, content: CaseContent, pack: RulePack) -> Inputs | None:
    """Return the inputs of a version as they were known when it was frozen, with one pack in place of its subject's."""
    always = {"effective_from": date.min, "effective_to": None, "stated_at": None, "status": "active"}
    packs = (*(each for each in PACKS if each.subject != pack.subject), pack.model_copy(update=always))
    if pack.subject == "deflator" and content.deflator is not None:
        content = content.model_copy(update={"deflator": pack.id})
    question = Question(content, row["organisation_code"], row["on_day"], row["stated_at"], packs=packs)
    try:
        return await assemble(db, question)
    except DomainError:
        return None


def _flip(row: asyncpg.Record, stated: str | None, inputs: Inputs, under: Inputs, pack: RulePack) -> FlipView | None:
    before, after = (_decided(each, stated) for each in (inputs, under))
    if before is None or after is None:
        return None
    reached = [passes(before.measures, inputs.benchmark), passes(after.measures, under.benchmark)]
    same_option = before.option.option == after.option.option
    if reached[0] == reached[1] and same_option:
        return None
    return FlipView(
        case=row["reference"],
        version=row["version"],
        organisation=row["organisation_code"],
        measure="benchmark" if reached[0] != reached[1] else "option",
        pack_from=inputs.packs[pack.subject],
        pack_to=pack.id,
        option_from=before.option.option,
        option_to=after.option.option,
        bcr_from=ratio_text(before.measures.bcr),
        bcr_to=ratio_text(after.measures.bcr),
        passes_from=reached[0],
        passes_to=reached[1],
        npv_from_pence=nearest_penny(before.measures.npv),
        npv_to_pence=nearest_penny(after.measures.npv),
    )


def _decided(inputs: Inputs, stated: str | None) -> Appraised | None:
    return preferred_of(appraise(inputs, lens_of(inputs)), stated)


async def list_flips(db: Reads, pack: RulePack, *, sight: Sight, known: datetime, after: int, limit: int) -> FlipsView:
    """Return the decisions that would change under a pack, of the next frozen versions that the caller reads."""
    looked = await look_at(db, pack, sight=sight, known=known, after=after, limit=limit + 1)
    shown = looked[:limit]
    return FlipsView(
        pack=pack.id,
        title=pack.title,
        citation=pack.citation,
        status=pack.status,
        looked_at=len(shown),
        items=[each.flip for each in shown if each.flip is not None],
        next=shown[-1].id if len(looked) > limit else None,
    )
