"""Crosswalks: from the bodies of one day to those of another, with exact shares; restated figures; changes of a day.

Publishes nothing: all is computed from successions and lives.
"""
