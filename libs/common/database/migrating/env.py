"""Alembic's entry point for every service: runs its migrations on the given connection and metadata."""

from alembic import context

from libs.common.database.migrations import run_migrations

run_migrations(context.config)
