"""Transfers: a contract has other customers since a merger. Publishes ContractTransferred."""
