"""Requests and answers about branches."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from deploy.branches.bases import Base
from deploy.branches.register import Branch, State
from deploy.branches.sight import Unread
from libs.common.codes import Code
from libs.common.temporal.days import WrittenDay

MOST_BODIES = 50
NAME = r"^[a-z][a-z0-9-]{0,39}$"
"""The form of a branch's name, which is a part of its addresses."""
BASE = r"^[0-9a-f]{10}$"


class OpenBranch(BaseModel):
    """Open a branch of life as it is now, or of a base that other branches have."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(pattern=NAME, description="A part of its addresses.", examples=["exit-now"])
    bodies: Annotated[tuple[Code, ...], Field(min_length=1, max_length=MOST_BODIES)] = Field(
        description="The bodies that it is planned for. Who acts for all of them may enter it.", examples=[["QUA"]]
    )
    base: str | None = Field(
        None,
        pattern=BASE,
        description="The base of another branch: only branches of one base are compared. Default: life as it is now.",
    )


class MoveDay(BaseModel):
    """The day to move a branch's clock to."""

    model_config = ConfigDict(extra="forbid")

    day: WrittenDay = Field(description="On or after the day that it shows.", examples=["2027-04-01"])


class LogEndView(BaseModel):
    """Where a service's log ended when the base was cut."""

    epoch: str
    position: int


class BaseView(BaseModel):
    """One position of each log, which several branches may share."""

    id: str
    cut_at: datetime
    ends: dict[str, LogEndView]


class BranchView(BaseModel):
    """A branch: who opened it and for which bodies, from which base, and its day."""

    name: str
    state: State
    progress: str = Field(description="What is being done now; empty where nothing is.")
    failure: str = Field(description="Why it could not be opened, or moved any further; empty where it could.")
    owner: str
    bodies: list[str]
    base: BaseView | None = Field(description="Null until it was cut.")
    day: date
    opened_at: datetime
    used_at: datetime
    ends_at: datetime = Field(description="When it is dropped at the latest, however much it is used.")
    unread: dict[str, list[str]] | None = Field(
        None,
        description="Your organisations through which you read nothing of parties in it, each with what it has there "
        "and had not in life at the base; null in the list, and where the branch does not run.",
    )
    bytes: int | None = Field(None, description="Its databases on disk; null in the list.")
    services: dict[str, str] = Field(description="Where its services are.")


class BranchListView(BaseModel):
    """The branches that the caller may enter, the oldest first."""

    items: list[BranchView]


def branch_view(
    branch: Branch, base: Base | None, ends_at: datetime, size: int | None = None, unread: Unread | None = None
) -> BranchView:
    """Return a branch as it is shown."""
    ends = (
        {service: LogEndView(epoch=end.epoch, position=end.position) for service, end in base.ends.items()}
        if base
        else {}
    )
    return BranchView(
        name=branch.name,
        state=branch.state,
        progress=branch.progress,
        failure=branch.failure,
        owner=branch.owner,
        bodies=list(branch.bodies),
        base=BaseView(id=base.id, cut_at=base.cut_at, ends=ends) if base else None,
        day=branch.day,
        opened_at=branch.opened_at,
        used_at=branch.used_at,
        ends_at=ends_at,
        unread=None if unread is None else {code: list(others) for code, others in unread.items()},
        bytes=size,
        services={name: f"/branches/{branch.name}/{name}/v1" for name in ends},
    )
