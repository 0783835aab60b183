"""What a newcomer sees first, on the laptop with its demo: the page, the tour, the examples, generated clients."""
