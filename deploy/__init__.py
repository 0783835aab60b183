"""Ways to run Footprint: embedded on a laptop, or as one image per service."""
