"""The new care model that a contract is for, as its text states it: scope, longest term, what it sits beside."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.contracts.core.codes import Form, OdsCode


class ContractBeside(BaseModel):
    """Another contract, which stays as it is beside that of the care model; naming it binds no party of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    holder: OdsCode = Field(description="Who supplies under it.", examples=["M88001"])
    form: Form = Field(examples=["gms"])


class CareModel(BaseModel):
    """The care model of a contract, by the rule pack of the contract's first day."""

    model_config = ConfigDict(frozen=True)

    kind: str = Field(examples=["mcp_partially_integrated"])
    title: str
    includes: tuple[str, ...] = Field(description="Services that it has to supply.")
    excludes: tuple[str, ...] = Field(description="Services and functions that it leaves out.")
    beside: tuple[ContractBeside, ...] = Field(description="The contracts that stay beside it.")
    ends_by: date = Field(description="The last day that its longest term allows, extensions included.")
    rule_pack: str
