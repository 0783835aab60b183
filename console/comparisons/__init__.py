"""Branches side by side: opening them, comparing them in one table with life, and promoting one to a plan."""
