"""The demo's stories: each a title, sentences whose figures are read from the services' answers, and what is fact."""
