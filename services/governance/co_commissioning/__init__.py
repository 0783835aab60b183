"""Levels of co-commissioning of primary medical services: what a CCG does itself, jointly, or only influences."""
