"""The kinds of body that the registry knows, and the statuses of a merger."""

from enum import StrEnum

ESTABLISHED, ABOLISHED = "established", "abolished"


class Kind(StrEnum):
    """The kind of a body. Organisations of all kinds share one life: proposed, open, closed."""

    CCG = "ccg"
    """Clinical commissioning group, 2013 to 2022. ODS keeps the codes of the last 106 for sub-ICB locations."""
    NHS_TRUST = "nhs_trust"
    FOUNDATION_TRUST = "foundation_trust"
    GP_PRACTICE = "gp_practice"
    COST_CENTRE = "prescribing_cost_centre"
    """Is in the practice file and prescribes, but is no general practice."""
    COMMISSIONING_HUB = "commissioning_hub"
    SUB_ICB_ENTITY = "sub_icb_reporting_entity"
    CSU = "csu"
    NHS_ENGLAND = "nhs_england"
    NHS_ENGLAND_REGION = "nhs_england_region"
    LOCAL_OFFICE = "local_office"
    """NHS England's area team, later local office."""
    GOVERNMENT_REGION = "government_region"
    STP = "stp"
    """Sustainability and transformation partnership, later integrated care system: a footprint, no legal body."""
    ICB = "icb"
    SUB_ICB_LOCATION = "sub_icb_location"
    """What the code of an abolished CCG names since 1 July 2022."""
    SHA = "sha"
    """Strategic health authority, to 2013."""
    PCT = "pct"
    """Primary care trust, to 2013."""
    PCT_CLUSTER = "pct_cluster"
    LOCAL_AUTHORITY = "local_authority"
    CQC = "cqc"
    ARMS_LENGTH_BODY = "arms_length_body"
    WELSH_HEALTH_BOARD = "welsh_health_board"
    GP_FEDERATION = "gp_federation"
    PCN = "pcn"
    """Primary care network, and the GP networks before it."""
    LOCALITY = "locality"
    LMC = "lmc"
    """Local medical committee."""
    HEALTHWATCH = "healthwatch"
    HOSPICE = "hospice"
    INDEPENDENT_PROVIDER = "independent_provider"
    JOINT_VENTURE = "joint_venture"
    COMPANY = "company"
    SOCIAL_ENTERPRISE = "social_enterprise"
    CHARITY = "charity"
    SUPPLIER = "supplier"
    """Sells support, of a type that is not known more precisely."""
    UNKNOWN = "unknown"
    """A code that a source names and no source describes."""


PRACTICE_KINDS = frozenset({Kind.GP_PRACTICE, Kind.COST_CENTRE})


class MergerStatus(StrEnum):
    """The status of a merger."""

    AGREED = "agreed"
    CARRIED_OUT = "carried_out"
    WITHDRAWN = "withdrawn"
