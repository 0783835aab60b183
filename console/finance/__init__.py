"""Finance: cases, portfolios and their runs, savings from forecast to realised, allowances through mergers.

Every figure is finance's own: nothing here ranks or decides. What is shown as a chart stands in a table beneath
it, which can be had as CSV; each figure of an answer can be opened to what it was computed from.
"""
