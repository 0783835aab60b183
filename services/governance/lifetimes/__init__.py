"""The days of bodies, posts and rights: stated, ended with what they belong to, and restored when that is undone."""
