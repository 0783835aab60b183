"""Urgent action between meetings: by whom the terms of reference name, after consulting whom they name.

It is a decision of the body, which `can` permits or not, and is reported to the next meeting, which ratifies it or not;
an urgent action that the next meeting did not have on its agenda is a finding. No national rule was found: the terms of
reference are each body's own.
"""
