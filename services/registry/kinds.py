"""What sorts of body the registry knows: one model, and a kind."""

from enum import StrEnum


class Kind(StrEnum):
    """What a body is. Organisations of all kinds share one life: proposed, open, closed."""

    CCG = "ccg"
    """Clinical commissioning group, 2013 to 2022. ODS keeps the codes of the last 106 for sub-ICB locations."""
    NHS_TRUST = "nhs_trust"
    FOUNDATION_TRUST = "foundation_trust"
    GP_PRACTICE = "gp_practice"
    COST_CENTRE = "prescribing_cost_centre"
    """Stands in the practice file and prescribes, but is no general practice."""
    COMMISSIONING_HUB = "commissioning_hub"
    SUB_ICB_ENTITY = "sub_icb_reporting_entity"
    CSU = "csu"
    NHS_ENGLAND = "nhs_england"
    NHS_ENGLAND_REGION = "nhs_england_region"
    LOCAL_OFFICE = "local_office"
    """NHS England's area team, later local office."""
    GOVERNMENT_REGION = "government_region"
    STP = "stp"
    ICB = "icb"
    LOCAL_AUTHORITY = "local_authority"
    SUPPLIER = "supplier"
    """A company or charity that sells support."""
    UNKNOWN = "unknown"
    """A code that a source names and none describes."""


_MORE_THAN = {
    Kind.FOUNDATION_TRUST: Kind.NHS_TRUST,
    Kind.GP_PRACTICE: Kind.COST_CENTRE,
}
"""What a body of a kind may have been before, under the same code."""


def settled(held: Kind, said: Kind) -> Kind | None:
    """Return the kind of a body that is held as one and said to be the other, None where the two cannot be one body.

    A trust becomes a foundation trust and a cost centre takes on patients, never back: so the answer does not depend on
    which of two sources came first.
    """
    if held is said or said is Kind.UNKNOWN or _MORE_THAN.get(held) is said:
        return held
    if held is Kind.UNKNOWN or _MORE_THAN.get(said) is held:
        return said
    return None
