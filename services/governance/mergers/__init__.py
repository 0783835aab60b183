"""What a merger does to bodies and posts: all end; who held a post in every predecessor holds it in the successor."""
