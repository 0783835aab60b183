"""Previews: what a file would change, computed by importing it and rolling back."""
