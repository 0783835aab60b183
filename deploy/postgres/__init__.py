"""An embedded PostgreSQL, run from the programs in a wheel: for laptops and tests, never for production."""
