"""Answers about relations between organisations."""

from datetime import date

from pydantic import Field

from services.registry.core.links import Relation
from services.registry.core.views import View


class RelatedView(View):
    """A relation of one organisation to another."""

    code: str = Field(examples=["RCF"])
    relation: Relation = Field(examples=["part of footprint"])
    other: str = Field(examples=["QWO"])
    share: str | None = Field(description="an exact fraction; null: the relation has no share", examples=["1/3"])
    since: date | None = Field(description="the first day of the relation", examples=["2016-12-01"])
    last_day: date | None = Field(description="the last day, where one is known", examples=["2019-03-31"])
