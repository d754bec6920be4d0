"""Companies on disk."""
