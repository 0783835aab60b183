"""Packages of releases and of records, as OCDS 1.1 has them, and the answer to a publication."""

from datetime import date

from pydantic import BaseModel, Field, JsonValue

from services.contracts.core.views import View


class PublicationView(View):
    """That a contract is published."""

    reference: str
    ocid: str = Field(description="The id of its contracting process; a novated contract has that of the one before.")
    published_on: date
    releases: int = Field(description="How many releases there are of this contract.")


class PublisherView(BaseModel):
    """Who gives a package out."""

    name: str


class LinksView(BaseModel):
    """Where the feed continues."""

    next: str


class ReleasePackageView(BaseModel):
    """A release package of OCDS 1.1."""

    uri: str
    version: str
    extensions: list[str]
    publishedDate: str  # noqa: N815  (a field of OCDS)
    publisher: PublisherView
    releases: list[dict[str, JsonValue]] = Field(description="Each is never changed.")
    links: LinksView | None = Field(default=None, description="Left out on the last page.")


class RecordView(BaseModel):
    """All releases of a process, and what they say together."""

    ocid: str
    releases: list[dict[str, JsonValue]]
    compiledRelease: dict[str, JsonValue]  # noqa: N815  (a field of OCDS)
    versionedRelease: dict[str, JsonValue]  # noqa: N815  (a field of OCDS)


class RecordPackageView(BaseModel):
    """A record package of OCDS 1.1, of one process."""

    uri: str
    version: str
    extensions: list[str]
    publishedDate: str  # noqa: N815  (a field of OCDS)
    publisher: PublisherView
    records: list[RecordView]


class LeftOutView(BaseModel):
    """A release that was left out."""

    index: int = Field(description="Its place in the package, from 0.")
    release: str | None = Field(description="Its id, where it has one.")
    reasons: list[str]


class ImportedReleasesView(BaseModel):
    """What a package of published releases led to."""

    releases: int
    awards: int = Field(description="Awards of the releases that can be read; one that is named again counts again.")
    not_awarded: int = Field(description="Of them, those that are pending, cancelled or unsuccessful.")
    proposed: list[str] = Field(description="References of the new proposals, see `GET /contract-proposals`.")
    known: list[str] = Field(description="Those that were proposed before, which stay as they are.")
    left_out: list[LeftOutView]
