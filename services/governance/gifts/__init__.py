"""Gifts, cash and hospitality that those who decide were offered: what the thresholds of the day make of each."""
