"""Tests of services.finance.estates and services.finance.backlogs."""
