"""Charts of figures, drawn on the server by Vega-Lite in a process of its own."""
