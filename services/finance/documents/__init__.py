"""Reports as documents: PDF for paper and screen readers, workbooks whose formulas lead from flows to worth.

A document is made in the process of a run, and stored under the digest of what it is made of: the same request again
is the same document. It belongs to who requested it. Publishes nothing.
"""
