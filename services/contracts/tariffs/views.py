"""What is shown of tariffs, and of a contract's lines beside them."""

from datetime import date, datetime

from pydantic import Field

from services.contracts.core.views import View


class TariffView(View):
    """What a publisher asks a head and year for a function in a tier, as at a day."""

    publisher: str
    function: str
    tier: str
    pence_per_head: str = Field(description="Exact pence: `125` or `249/2`.")
    effective_on: date
    document: str | None
    stated_at: datetime


class TariffsView(View):
    """Tariffs as at a day, as known at an instant, ordered by function, tier and publisher."""

    items: list[TariffView]
    as_at: date
    as_known: datetime | None


class LineTariffView(View):
    """A line of a contract beside the tariff. A figure that cannot be known is null, never 0."""

    function: str
    annual_pence: int
    priced_by: str | None = Field(description="By whose tariff the line is priced; null: by the contract.")
    compared_with: str | None = Field(description="The publisher whose tariff it is compared with.")
    pence_per_head: str | None = Field(description="null where the publisher has none for the function and the tier.")
    tariff_pence: int | None = Field(description="What the tariff gives a year for the people served.")
    difference_pence: int | None = Field(description="The line's charge less the tariff's; negative: below it.")


class ContractTariffView(View):
    """A contract's lines as at a day beside a tariff, for the people whom its customers have together."""

    contract: str
    people: int | None = Field(description="Registered; null where one of the customers was not counted.")
    tier: str | None
    rule_pack: str | None
    lines: list[LineTariffView]
    as_at: date
    as_known: datetime | None
