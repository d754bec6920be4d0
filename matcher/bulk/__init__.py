"""Whole files of companies: read, matched shard by shard (here or on a cluster), written; each stage can be resumed."""
