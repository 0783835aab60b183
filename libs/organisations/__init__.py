"""What every service knows about organisations: copies of the registry's events, under the registry's own rules."""
