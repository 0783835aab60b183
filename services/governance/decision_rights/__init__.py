"""Decision rights: which post or body may decide what, up to which limit. Publishes nothing yet."""
