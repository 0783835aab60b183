"""Decision rights: what a post or body may decide, up to which limit. Publishes nothing yet."""
