"""Screens of mergers: planning one, its preview, its line from the application to day one, and what is missing."""
