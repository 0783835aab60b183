"""PostgreSQL: connections, the tables common to every service, migrations."""
