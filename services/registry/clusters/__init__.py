"""Clusters: ICBs that share posts and stay legal bodies of their own.

Publishes ICBsClustered and ICBClusterEnded.
"""
