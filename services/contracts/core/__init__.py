"""What every package of contracts stands on: a contract, its parties, lines and states; reading as at, as known."""
