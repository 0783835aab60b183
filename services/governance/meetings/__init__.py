"""Meetings: planned and called with notice; their agenda, who comes and is there, and who is recused from an item.

Law: Public Bodies (Admission to Meetings) Act 1960 s.1 for notice and reasons for privacy; quorum, majorities and
urgent action are local (NHS Act 2006 s.14L). Its tables and rules are those of votes, minutes and urgent actions too.
Publishes MeetingCalled.
"""
