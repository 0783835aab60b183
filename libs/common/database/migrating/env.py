"""What Alembic runs for every service: its migrations, on the connection and for the metadata that it was given."""

from alembic import context

from libs.common.database.migrations import run_migrations

run_migrations(context.config)
