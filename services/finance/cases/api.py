"""Routes of business cases."""

from fractions import Fraction
from functools import partial
from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Request, Response
from pydantic import AfterValidator

from libs.common.http.dependencies import (
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Versions,
    Write,
    allowed,
    binds,
    commands_router,
    etag,
    page,
    problems,
    questions_router,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from libs.common.temporal.days import WrittenDay
from services.finance.appraisals.sensitivity import USUAL_CHANGE
from services.finance.case_contents.content import CaseContent, at_most_whole
from services.finance.case_contents.errors import CONTENT_REFUSALS
from services.finance.cases import commands, errors, presentation, queries
from services.finance.cases.commands import Moment
from services.finance.cases.presentation import CaseVersion
from services.finance.cases.views import (
    AppraisalView,
    CaseVersionView,
    CaseView,
    ComparisonView,
    LosersView,
    SensitivityView,
    StatedView,
    SwitchingValuesView,
)
from services.finance.core.codes import Reference
from services.finance.core.sight import sight_of
from services.finance.edge import OneCode

router = commands_router(tags=["Cases"])
questions = questions_router(tags=["Cases"])

Lead = Annotated[Caller, allowed(Role.FINANCE_LEAD)]
Case = Annotated[Reference, Path()]
Number = Annotated[int, Path(ge=1, le=10_000, description="The number of the version.")]


async def _moment(by: Lead, today: Today, stated_at: StatedAt) -> Moment:
    return Moment(by, today, stated_at)


Now = Annotated[Moment, Depends(_moment)]


async def _version(
    case: Case,
    version: Number,
    rows: Rows,
    by: By,
    as_known: AsKnown,
    as_at: Annotated[
        WrittenDay | None,
        Query(description="The day whose rule packs a draft is appraised with; a frozen version keeps its own."),
    ] = None,
    discounting: Annotated[
        str | None,
        Query(
            max_length=60,
            description="What if: a rule pack of discount rates, an inactive one too.",
            examples=["discount-rate-review-2026"],
        ),
    ] = None,
) -> CaseVersion:
    return await queries.get_version(
        rows,
        case,
        version,
        sight=await sight_of(rows, by),
        as_at=as_at,
        as_known=as_known,
        discounting=discounting,
    )


OneVersion = Annotated[CaseVersion, Depends(_version)]
OneOption = Annotated[
    str | None, Query(max_length=39, description="Left out: the preferred option.", examples=["shared"])
]
OneLens = Annotated[
    str | None,
    Query(max_length=80, description="One of the case's lenses; left out: its own.", examples=["public_sector"]),
]
READING = (errors.CaseNotFound, errors.InputNotFound, *CONTENT_REFUSALS)


def _shown(response: Response, done: StatedView) -> StatedView:
    etag(response, done.revision)
    return done


def _expecting(if_match: Versions) -> partial[None]:
    return partial(stale, expected=if_match)


@router.post(
    "/cases",
    status_code=201,
    summary="State a case",
    responses=problems(RoleMissing, NotYoursToDecide, errors.CaseExists, *CONTENT_REFUSALS),
)
@binds("organisation")
async def state_case(command: commands.StateCase, response: Response, session: Write, now: Now) -> StatedView:
    """State a case with its first version, a draft that its organisation alone reads.

    What an end of a contract costs is never typed: a termination names the contract, and its components come from
    contracts. Everything that is wrong is refused at once.
    """
    return _shown(response, await commands.state_case(session, command, moment=now))


@questions.get("/cases", summary="List cases", responses=problems(UnreadableCursor))
async def list_cases(
    request: Request, rows: Rows, by: By, paging: Paging, as_known: AsKnown, organisation: OneCode = None
) -> Page[CaseView]:
    """List cases by reference, each with the latest version that you read."""
    found = await queries.list_cases(
        rows,
        sight=await sight_of(rows, by),
        organisation=organisation,
        as_known=as_known,
        after=_after(paging.after),
        limit=paging.fetch,
    )
    return page(found, key=lambda view: (view.case,), request=request)


def _after(cursor: tuple[object, ...] | None) -> str:
    match cursor:
        case None:
            return ""
        case (str(reference),) if "\x00" not in reference:
            return reference
        case _:
            raise UnreadableCursor("after: use the link `next` of the page before")


@router.post(
    "/cases/{case}/versions",
    status_code=201,
    summary="State another version of a case",
    responses=problems(RoleMissing, errors.CaseNotFound, NotYoursToDecide, *CONTENT_REFUSALS),
)
@binds("the case's organisation")
async def state_version(case: Case, command: CaseContent, response: Response, session: Write, now: Now) -> StatedView:
    """State another version of a case, a draft; the earlier ones stay."""
    return _shown(response, await commands.state_version(session, case, command, moment=now))


@router.put(
    "/cases/{case}/versions/{version}",
    summary="Edit a draft",
    responses=problems(
        RoleMissing,
        errors.CaseNotFound,
        NotYoursToDecide,
        errors.VersionFrozen,
        StaleVersion,
        PreconditionMissing,
        *CONTENT_REFUSALS,
    ),
)
@binds("the case's organisation")
async def edit_version(
    case: Case, version: Number, command: CaseContent, response: Response, session: Write, now: Now, if_match: IfMatch
) -> StatedView:
    """Edit a draft: its content is replaced whole, and what was stated before stays readable as known."""
    done = await commands.edit_version(session, case, version, command, moment=now, expect=_expecting(if_match))
    return _shown(response, done)


@router.post(
    "/cases/{case}/versions/{version}/publication",
    status_code=201,
    summary="Publish a version",
    responses=problems(
        RoleMissing,
        errors.CaseNotFound,
        NotYoursToDecide,
        errors.VersionFrozen,
        StaleVersion,
        PreconditionMissing,
        *CONTENT_REFUSALS,
    ),
)
@binds("the case's organisation")
async def publish_version(
    case: Case, version: Number, response: Response, session: Write, now: Now, if_match: IfMatch
) -> StatedView:
    """Publish a version: it never changes again, and the organisations that it names read it.

    Its rule packs, the prices of exits and the members of its lenses are stored with it, under a digest.
    """
    done = await commands.publish_version(session, case, version, moment=now, expect=_expecting(if_match))
    return _shown(response, done)


@router.get(
    "/cases/{case}/versions/{version}",
    summary="Read a version as it was stated",
    responses=problems(errors.CaseNotFound),
)
async def get_version(
    case: Case, version: Number, response: Response, rows: Rows, by: By, as_known: AsKnown
) -> CaseVersionView:
    """Return what the author stated; the ETag is the revision that an edit names."""
    stored = await queries.get_stored(rows, case, version, sight=await sight_of(rows, by), as_known=as_known)
    etag(response, stored.revision)
    return queries.version_view(stored)


@questions.get("/cases/{case}/versions/{version}/appraisal", summary="Appraise a version", responses=problems(*READING))
async def get_appraisal(version: OneVersion) -> AppraisalView:
    """Return what each option is worth over business as usual: NPV, BCR, EANC and payback, through every lens.

    Each answer names its rule packs, lens, inputs and the events that they come from.
    """
    return presentation.appraisal_view(version)


@questions.get(
    "/cases/{case}/versions/{version}/comparison", summary="Compare the options", responses=problems(*READING)
)
async def get_comparison(version: OneVersion, lens: OneLens = None) -> ComparisonView:
    """Return each option over the next cheaper one, and the options that another one dominates."""
    return presentation.comparison_view(version, lens)


@questions.get(
    "/cases/{case}/versions/{version}/switching-values",
    summary="Find the values at which the decision turns",
    responses=problems(*READING),
)
async def get_switching_values(
    version: OneVersion,
    option: OneOption = None,
    lens: OneLens = None,
    name: Annotated[
        str | None, Query(alias="input", max_length=80, description="One input; left out: each.", examples=["saving"])
    ] = None,
    measure: Annotated[Literal["npv", "bcr"], Query(description="What is to reach the threshold.")] = "npv",
    threshold: Annotated[
        str | None,
        Query(
            pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,9})?$",
            description="In pence for NPV (0 if left out), a ratio for BCR (the benchmark if left out).",
            examples=["0"],
        ),
    ] = None,
) -> SwitchingValuesView:
    """Return, for each input, the value at which NPV or BCR is exactly the threshold, and the change to it.

    Run again at that value, the case meets the threshold.
    """
    default = Fraction(0) if measure == "npv" else version.inputs.benchmark
    value = default if threshold is None else Fraction(threshold)
    return presentation.switching_view(version, option, of=measure, threshold=value, name=name, lens=lens)


@questions.get(
    "/cases/{case}/versions/{version}/sensitivity",
    summary="See how inputs move the result",
    responses=problems(*READING),
)
async def get_sensitivity(
    version: OneVersion,
    option: OneOption = None,
    lens: OneLens = None,
    change: Annotated[
        str,
        Query(
            pattern=r"^(0\.[0-9]{1,6}|1|[0-9]{1,4}/[1-9][0-9]{0,3})$",
            description="The part up and down, at most the whole.",
            examples=["1/10"],
        ),
        AfterValidator(at_most_whole),
    ] = str(USUAL_CHANGE),
    first: Annotated[
        str | None, Query(max_length=80, description="With `second`: two inputs at once.", examples=["saving"])
    ] = None,
    second: Annotated[
        str | None, Query(max_length=80, description="With `first`: the other input.", examples=["set-up"])
    ] = None,
) -> SensitivityView:
    """Return a tornado (each input up and down by a part, the widest first), the scenarios, and two inputs at once."""
    pair = (first, second) if first is not None and second is not None else None
    return presentation.sensitivity_view(version, option, change=Fraction(change), pair=pair, lens=lens)


@questions.get(
    "/cases/{case}/versions/{version}/losers", summary="See who gains and who loses", responses=problems(*READING)
)
async def get_losers(version: OneVersion, option: OneOption = None, lens: OneLens = None) -> LosersView:
    """Return who gains and who loses by an option, by party and year, within UK society or another of its lenses.

    A saving here that is a cost there counts what is left of it for all.
    """
    return presentation.losers_view(version, option, lens)
