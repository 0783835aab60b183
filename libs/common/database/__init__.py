"""PostgreSQL: connections, the tables that every service has, migrations."""
