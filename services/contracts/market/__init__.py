"""The market of support: how many units there are, who missed a deadline, who is assessed, who could step in.

A supplier is assessed by the criteria of the day, whoever owns it; a stop names its customers with the days by which
they begin to replace it. What it offers to take over, it states itself. Publishes SupplierAssessed.
"""
