"""Crosswalks: from the bodies of one day to those of another, with exact shares; restated figures; changes of a day.

Publishes nothing: everything is computed from successions and lives.
"""
