"""What the answers of several packages share."""

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """An answer, read from a row by its names."""

    model_config = ConfigDict(from_attributes=True)
