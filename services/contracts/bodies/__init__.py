"""What the registry publishes of bodies beside their lives: legal forms and populations.

By them: which contracts for primary medical services a form may hold (rules/legal_forms.toml), and the tier of a tariff
(rules/tariff_tiers.toml).
"""
