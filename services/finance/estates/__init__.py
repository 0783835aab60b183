"""Estates: what it costs to eradicate backlog, by category, and what PFI schemes cost, from the workbooks of ERIC.

A workbook is read in a process of its own; each of its rows is stored with a verdict and what is odd about it. Of an
organisation and a year the workbook stated last counts. Figures are public. Publishes BacklogRecorded.
"""
