"""What every hearer knows of the registry: the same rules as the registry's own."""
