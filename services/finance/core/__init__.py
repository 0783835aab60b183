"""What every package of finance is built on: financial years, tables, permissions to read."""
