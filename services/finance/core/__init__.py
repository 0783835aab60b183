"""What every package of finance is built on: financial years, tables, who reads which figures."""
