"""Routes that preview the import of a file."""

from typing import Annotated, Any

from fastapi import Query, Request, Response

from libs.common.http import csv_text
from libs.common.http.connections import while_connected
from libs.common.http.csv_text import CSV_TOO, AsCsv
from libs.common.http.dependencies import Rows, Today, allowed, problems, questions_router
from libs.common.http.problems import Unavailable, Unreadable
from libs.common.identity import Caller, Role
from libs.common.process.gate import Gate, GateFull
from libs.common.temporal.days import WrittenDay
from services.registry.imports.files.source_file import MOST_RATIO
from services.registry.imports.preview.worker import PreviewBusy, PreviewJob, preview_apart
from services.registry.imports.report import MOST_REFUSED, FileRefused
from services.registry.imports.views import ImportPreviewView, Verdict

router = questions_router(tags=["Imports"])

MOST_BODIES = 20_000
MOST_WAITING = 4
"""The most previews that wait for their turn; they hold no connection meanwhile."""

# One at a time: imports and previews take one lock, so a second process would only wait for it.
_GATE = Gate(at_once=1, waiting=MOST_WAITING)

_A_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"the file's bytes, compressed by gzip or not. Unpacked it may have {64_000_000} bytes, and "
        f"{MOST_RATIO} times its packed size; at most {MOST_REFUSED} of its lines may be ones that cannot be imported.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class FileNotReadable(Unreadable):
    """The file cannot be imported.

    It is empty, not text, wrongly compressed, too large when unpacked, in none of the formats of the catalogue, or has
    too many lines that cannot be imported. `detail` says which.
    """


class TooManyPreviews(Unavailable):
    """Other previews, or an import, come first.

    Previews run one at a time, and a few may wait. Send the request again after the seconds that `Retry-After` names.
    """


@router.post(
    "/imports/previews",
    response_model=ImportPreviewView,
    summary="Preview the import of a file",
    responses={200: CSV_TOO, **problems(FileNotReadable, TooManyPreviews)},
    openapi_extra=_A_FILE,
)
async def preview_import(
    request: Request,
    rows: Rows,
    _: Annotated[Caller, allowed(Role.REGISTRAR, Role.LOADER)],
    today: Today,
    as_csv: AsCsv,
    file: Annotated[
        str,
        Query(
            description="the name of the file, which has its day and for some files shows the format",
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$",
            examples=["epraccur_2021-11.csv.gz"],
        ),
    ],
    stated_on: Annotated[WrittenDay | None, Query(description="the day of a file whose name has none")] = None,
    verdict: Annotated[
        list[Verdict] | None,
        Query(description="only organisations of these verdicts; left out, all but `agrees`", max_length=len(Verdict)),
    ] = None,
    limit: Annotated[
        int, Query(ge=1, le=MOST_BODIES, description="the most organisations to return; as CSV all are returned")
    ] = 500,
) -> Response:
    """Run the import, compare what is believed on the day of the file before and after it, and roll back.

    A parent is compared with the parent believed before, or with the successors of that one. It takes as long as the
    import, and imports wait for it: for many large files, `import-ods FOLDER --preview` does the same from a shell.
    """
    job = PreviewJob(
        database_url=rows.url,
        name=file,
        stated_on=stated_on,
        today=today,
        verdicts=frozenset(verdict or set(Verdict) - {Verdict.AGREES}),
        limit=limit,
        as_csv=as_csv,
    )
    content = await request.body()
    answer = await while_connected(request, _in_turn(job, content))
    media_type = csv_text.MEDIA_TYPE if as_csv else "application/json"
    return Response(answer, media_type=media_type, headers={"Vary": "Accept"})


async def _in_turn(job: PreviewJob, content: bytes) -> bytes:
    try:
        async with _GATE.passed():
            return await preview_apart(job, content)
    except GateFull:
        raise TooManyPreviews(f"{MOST_WAITING} previews wait already") from None
    except PreviewBusy:
        raise TooManyPreviews("an import, or another preview, is not done yet") from None
    except FileRefused as error:
        raise FileNotReadable(f"{job.name}: {error}") from error
