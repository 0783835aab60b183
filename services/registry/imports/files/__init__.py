"""How files are read, whatever their format: text, lines, values, and several lines about one and the same."""
