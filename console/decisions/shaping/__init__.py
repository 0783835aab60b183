"""What the pages about decisions show, made of the services' answers by pure functions."""
