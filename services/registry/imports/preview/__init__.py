"""Previews: what a file would change, found by importing it and rolling back."""
