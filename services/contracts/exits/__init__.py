"""How a contract may be left (rules EXIT-1 to EXIT-5): terms, notice days, exits on offer, and what an end costs."""
