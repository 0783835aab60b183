"""The AsyncAPI document: what the classes say, valid by AsyncAPI's own parser, with examples from the demo."""
