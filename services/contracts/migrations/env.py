"""Alembic's entry: the models of contracts."""

from libs.common.migrations import run_migrations
from services.contracts.models import Base

run_migrations(Base.metadata)
