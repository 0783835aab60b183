"""Interests of those who decide: declared in time, public as long as the law says, walked to an item's parties."""
