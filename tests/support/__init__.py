"""What tests of several packages share: clients, harnesses, samples, real servers."""
