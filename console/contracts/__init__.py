"""Exits and contracts: when each may be left and at what price, who pays whom, notice, signatures and payments."""
