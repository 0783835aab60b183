"""Transfers: contracts pass to the successors of their parties, and back. Publishes ContractTransferred."""
