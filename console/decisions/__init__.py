"""Screen 8: what waits, who may decide, meetings from notice to minutes, proposals, decisions with dossiers, the radar.

A module a noun has its pages; `shaping` joins what several answers say of one thing, and `acts` is how every form is
shown, sent and refused.
"""
