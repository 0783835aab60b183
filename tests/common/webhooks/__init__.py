"""Tests of webhooks: what is sent, to where, how often, and who sees what of it."""
