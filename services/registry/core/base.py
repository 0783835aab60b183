"""What all of the registry's mapped classes share."""

from enum import StrEnum

from sqlalchemy import Enum
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass

from libs.common.database.connection import service_metadata


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False):
    """A mapped class of the registry."""

    metadata = service_metadata()


def one_of(kinds: type[StrEnum], name: str) -> Enum:
    """Return the column type for the values of an enum, which the database checks."""
    return Enum(
        kinds,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )
