"""Reports of a case, an exit, a portfolio's run and a savings statement, as HTML, CSV and JSON.

All three forms are made of one document, so that every figure is the same.
"""
