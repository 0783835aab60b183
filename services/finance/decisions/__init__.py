"""Decisions that governance published: what a command of finance may name as its authority, and what was reversed.

A decision carries an act of a body where it was approved, binds that body, one that it succeeded or who took it over,
and still stands.
Publishes nothing.
"""
