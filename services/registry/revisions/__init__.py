"""What is new of many organisations from one day: names, kinds, bodies above, external identifiers, populations.

Publishes the events of the single commands that it stands for.
"""
