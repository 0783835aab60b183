"""File formats that can be imported, one module a format; `catalogue` lists them."""
