"""Previews of mergers: what one would affect, and every reason against it. Publishes nothing."""
