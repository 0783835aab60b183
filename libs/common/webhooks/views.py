"""Answers about webhooks."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from libs.common.webhooks.signing import SigningScheme


class WebhookView(BaseModel):
    """A webhook: where its events go, which they are, and how far it is."""

    model_config = ConfigDict(from_attributes=True)

    number: int = Field(examples=[1])
    owner: str = Field(description="The subject of the token that registered it.")
    url: str = Field(examples=["https://partner.example/footprint"])
    types: list[str] = Field(description="Of these types alone; none: of every type.", examples=[["CCGMerged"]])
    organisations: list[str] = Field(description="About one of these; none: about any.", examples=[["14Y"]])
    watch_list: int | None = Field(description="Or about what this watch list of yours follows on the day.")
    signing: SigningScheme
    public_key: str | None = Field(description="For `ed25519`: what verifies the signatures (`whpk_...`).")
    acts_for: list[str] = Field(description="The organisations whose events for parties are sent; `*`: every one.")
    confirmed_until: datetime = Field(description="Until when its rights last; any change or `resume` renews them.")
    state: str = Field(description="`active`, `paused` by you or an operator, or `disabled`.", examples=["active"])
    reason: str = Field(description="Why it is paused or disabled.")
    position: int = Field(description="Events up to here were delivered, passed over or became dead letters.")
    behind: int = Field(description="How many events of the log are after that, whether they are for you or not.")
    epoch: str = Field(description="The present epoch of the log, for `resume` and for the feed.")
    failures: int = Field(description="Failed attempts at the next event.")
    next_attempt_at: datetime | None = Field(description="When the next event is tried again, after a failure.")
    last_error: str = Field(description="What the last attempt failed of; empty after a delivery.")
    delivered_at: datetime | None = Field(description="When an event was last delivered.")
    dead_letters: int = Field(description="Events that were given up.")
    version: int
    made_at: datetime


class RegisteredWebhookView(WebhookView):
    """A webhook with its secret, which is shown this once."""

    secret: str | None = Field(
        description="For `symmetric`: what signs and verifies (`whsec_...`). Keep it: it is not shown again."
    )


class DeadLetterView(BaseModel):
    """An event that was given up after its last attempt."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    position: int
    event_id: str
    type: str = Field(examples=["uk.nhs.footprint.CCGMerged.v1"])
    attempts: int
    error: str = Field(examples=["it answered 500"])
    given_up_at: datetime
    waits: bool = Field(description="Whether it is to be sent again.")


class RedeliveryView(BaseModel):
    """How many dead letters are sent again."""

    waiting: int
