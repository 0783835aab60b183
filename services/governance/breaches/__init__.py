"""Breaches of the rules on conflicts: which rule, when known, who found it, its consequence and the lesson.

Whoever keeps the register reads all of it; everybody else reads what is concluded, without the person.
"""
