"""The base of every command of this service, and the types of codes and titles."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.governance.core.catalogue import post_slug


class Command(BaseModel):
    """A request body. It refuses unknown fields, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def _can_be_referred_to(title: str) -> str:
    if not post_slug(title):
        raise ValueError("a title needs a letter or a digit")
    return title


OrganisationCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,12}$", description="ODS code.", examples=["14Y"])]
Reference = Annotated[str, Field(min_length=1, max_length=200)]
Title = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_can_be_referred_to)]
Sentence = Annotated[str, Field(min_length=1, max_length=500)]
