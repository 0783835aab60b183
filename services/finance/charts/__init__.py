"""Charts of reports: each mark is a figure of the report's JSON, named by its pointer and labelled with its value.

What a chart shows is decided here, without any library. On a page of HTML it is a table with a bar for each mark; for a
PDF it is drawn in the process of a document's run alone.
"""
