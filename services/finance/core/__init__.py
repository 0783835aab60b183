"""What every package of finance stands on: financial years, tables, who may see what."""
