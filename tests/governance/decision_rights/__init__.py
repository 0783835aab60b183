"""Tests of services.governance.decision_rights."""
