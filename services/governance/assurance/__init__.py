"""Authorisation of CCGs by NHS England: criteria that are unmet are conditions, which evidence lifts.

A direction moves functions to another organisation until its condition is lifted: `can` then has no power for them,
and the body that leads the other one has the right to them, by itself. What was decided and lifted is never changed:
where an organisation stands is a pure function of both. A condition that is unmet
after its rectification plan is a finding. Publishes AuthorisationDecided and ConditionLifted; subscribes to
SupplierAssessed.
"""
