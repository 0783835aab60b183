"""What every package of contracts is built on: a contract, its parties, lines and states; reading it."""
