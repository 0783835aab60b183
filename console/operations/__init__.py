"""The operator's screens: what lags, what is parked, due work, the clock, and imports with what they find."""
