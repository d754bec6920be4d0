"""Who is told of what, when, and how it gets there."""
