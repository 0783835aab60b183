"""What would flip: stored cases under another rule pack, and the decisions that change by it.

A decision stays under the pack in force on its date; publishes CaseWouldFlip on the day on which a pack is stated.
"""
