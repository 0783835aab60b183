"""The demo: what happened to England's CCGs from 2013 to 2021, as facts, and how they are loaded and told."""
