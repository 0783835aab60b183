"""How Footprint is run: embedded on a laptop, or as images."""
