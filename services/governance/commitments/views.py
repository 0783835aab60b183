"""Answers about commitments and reports of pressure."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.governance.commitments.models import CommitmentConsulted


class ConsultationView(BaseModel):
    """Whom a customer consulted on a commitment."""

    organisation: str
    consulted: CommitmentConsulted
    consulted_on: date


class CommitmentView(BaseModel):
    """A contract that was signed by a body before it was established."""

    contract: str = Field(examples=["SHADOW-2012"])
    customers: list[str]
    not_established: list[str] = Field(description="The customers that were not established on the day of signature.")
    signed_on: date
    starts_on: date
    annual_pence: int
    state: Literal["conditional", "ratified", "lapsed"]
    consultations: list[ConsultationView]


class ReceiptView(BaseModel):
    """That a report of pressure was received. What it says is the reviewer's alone."""

    report: str = Field(examples=["CR-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])
    lodged_on: date


class CoercionReportView(BaseModel):
    """A report of pressure, for the reviewer alone."""

    report: str
    reporter: str = Field(description="The practice or local medical committee.")
    about: str = Field(description="The organisation that put pressure on it.")
    contract: str = Field(description="The commitment that it is about; empty: none is named.")
    occurred_on: date
    words: str
    lodged_on: date
    stated_at: datetime
