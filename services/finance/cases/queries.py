"""Reads cases and their versions: a draft as its author's organisation, a frozen one as it was appraised."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from libs.common.database.connection import Reads
from services.finance.appraisals.discounting import schedule_of
from services.finance.appraisals.inputs import Inputs
from services.finance.case_contents.assembly import Question, assemble
from services.finance.case_contents.content import CaseContent
from services.finance.cases.errors import CaseNotFound, InputNotFound
from services.finance.cases.presentation import CaseVersion
from services.finance.cases.rules import with_schedule
from services.finance.cases.views import CaseVersionView, CaseView
from services.finance.core.deflators import SUBJECT as DEFLATOR
from services.finance.core.deflators import deflator_of
from services.finance.core.packs import PACKS
from services.finance.core.sight import Sight

_ALWAYS: Final = datetime.max.replace(tzinfo=UTC)

# $1 the instant, $2 the codes that the caller reads through (null: every one). A draft is its author's alone; once
# frozen also the organisations that it names read it.
_VERSIONS = """
SELECT c.reference, c.organisation_code, d.version, d.revision, d.content, d.on_day, d.stated_at,
       f.revision AS frozen_revision, f.proposal, f.digest, f.stated_at AS frozen_at
  FROM business_case c
  JOIN LATERAL (SELECT DISTINCT ON (version) * FROM case_draft
                 WHERE case_id = c.id AND stated_at <= $1 ORDER BY version, revision DESC) d ON true
  LEFT JOIN frozen_version f ON f.case_id = c.id AND f.version = d.version AND f.stated_at <= $1
 WHERE ($2::text[] IS NULL OR c.organisation_code = ANY($2) OR f.organisations && $2)
"""
_ONE = f"{_VERSIONS} AND c.reference = $3 AND d.version = $4"
_LATEST = f"""
SELECT DISTINCT ON (v.reference) v.* FROM ({_VERSIONS}) v
 WHERE v.reference > $3 AND ($4::text IS NULL OR v.organisation_code = $4)
 ORDER BY v.reference, v.version DESC LIMIT $5
"""  # noqa: S608  (what is put in stands above)
_INPUTS = """
SELECT f.inputs FROM frozen_version f JOIN business_case c ON c.id = f.case_id
 WHERE c.reference = $1 AND f.version = $2
"""

_EVENT = """
SELECT f.event FROM frozen_version f JOIN business_case c ON c.id = f.case_id
 WHERE c.reference = $1 AND f.version = $2
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A version as it is stored: what its author stated last, and whether it is frozen."""

    case: str
    organisation: str
    version: int
    revision: int
    content: CaseContent
    on: date
    stated_at: datetime
    proposal: str | None
    digest: str | None
    is_frozen: bool

    @property
    def status(self) -> str:
        """`draft`, `published`, or `proposed` where a proposal froze it."""
        if not self.is_frozen:
            return "draft"
        return "proposed" if self.proposal else "published"


def _codes(sight: Sight) -> list[str] | None:
    return None if sight.codes is None else sorted(sight.codes)


async def get_stored(
    db: Reads, reference: str, version: int, *, sight: Sight, as_known: datetime | None = None
) -> Stored:
    """Return a version as it is stored. Raises CaseNotFound, also where the caller does not read it."""
    rows = await db.fetch(_ONE, as_known or _ALWAYS, _codes(sight), reference, version)
    if not rows:
        raise CaseNotFound(f"no version {version} of a case {reference} is known")
    row = rows[0]
    return Stored(
        case=row["reference"],
        organisation=row["organisation_code"],
        version=row["version"],
        revision=row["revision"],
        content=CaseContent.model_validate_json(row["content"]),
        on=row["on_day"],
        stated_at=row["frozen_at"] or row["stated_at"],
        proposal=row["proposal"] or None,
        digest=row["digest"],
        is_frozen=row["frozen_revision"] is not None,
    )


async def get_version(
    db: Reads,
    reference: str,
    version: int,
    *,
    sight: Sight,
    as_at: date | None = None,
    as_known: datetime | None = None,
    discounting: str | None = None,
    stated_at: datetime | None = None,
) -> CaseVersion:
    """Return a version with its inputs: as stored where it is frozen, else put together as known.

    `as_at` is the day whose packs a draft is appraised with. `discounting` names a pack of discount rates to ask what
    would be under it; `stated_at` is the instant of a command. Raises CaseNotFound, InputNotFound, and what is wrong
    with a draft by now.
    """
    stored = await get_stored(db, reference, version, sight=sight, as_known=as_known)
    inputs = await _inputs(db, stored, as_at=as_at, as_known=as_known, stated_at=stated_at)
    if discounting is not None:
        inputs = under_pack(inputs, discounting)
    named, vintage = inputs.packs.get("value-for-money-bands"), inputs.packs.get(DEFLATOR)
    return CaseVersion(
        case=stored.case,
        version=stored.version,
        revision=stored.revision,
        status=stored.status,
        organisation=stored.organisation,
        proposal=stored.proposal,
        content=stored.content,
        inputs=inputs,
        stated_at=stored.stated_at,
        as_known=as_known,
        bands=next((pack for pack in PACKS if pack.id == named), None),
        digest=stored.digest,
        deflator=next((deflator_of(pack) for pack in PACKS if pack.id == vintage), None),
    )


async def _inputs(
    db: Reads, stored: Stored, *, as_at: date | None, as_known: datetime | None, stated_at: datetime | None
) -> Inputs:
    if stored.is_frozen:
        [row] = await db.fetch(_INPUTS, stored.case, stored.version)
        return Inputs.model_validate_json(row["inputs"])
    question = Question(stored.content, stored.organisation, as_at or stored.on, as_known, stated_at=stated_at)
    return await assemble(db, question)


async def event_of(db: Reads, reference: str, version: int) -> str:
    """Return the id of the CaseAppraised event of a frozen version."""
    [row] = await db.fetch(_EVENT, reference, version)
    return str(row["event"])


def under_pack(inputs: Inputs, pack_id: str) -> Inputs:
    """Return inputs under another pack of discount rates, an inactive one too. Raises InputNotFound."""
    pack = next((pack for pack in PACKS if pack.id == pack_id and pack.subject == "discounting-standard"), None)
    if pack is None:
        raise InputNotFound(f"{pack_id}: there is no such rule pack of discount rates")
    return with_schedule(inputs, schedule_of(pack), replaces_health=bool(pack.values.get("replaces_health")))


def version_view(stored: Stored) -> CaseVersionView:
    """Return a version as its author stated it."""
    return CaseVersionView(
        case=stored.case,
        version=stored.version,
        revision=stored.revision,
        status=stored.status,
        organisation=stored.organisation,
        proposal=stored.proposal,
        digest=stored.digest,
        stated_at=stored.stated_at,
        content=stored.content,
    )


async def list_cases(
    db: Reads, *, sight: Sight, organisation: str | None, as_known: datetime | None, after: str, limit: int
) -> list[CaseView]:
    """Return the cases that a caller reads, by reference: of each the latest version that it reads."""
    rows = await db.fetch(_LATEST, as_known or _ALWAYS, _codes(sight), after, organisation, limit)
    return [
        CaseView(
            case=row["reference"],
            organisation=row["organisation_code"],
            version=row["version"],
            status="draft" if row["frozen_revision"] is None else "proposed" if row["proposal"] else "published",
            title=CaseContent.model_validate_json(row["content"]).title,
            stated_at=row["frozen_at"] or row["stated_at"],
        )
        for row in rows
    ]
