"""Companies that are kept: what is known of them, where each fact comes from, and what they said before."""

from matcher.records.history import Change, Revision
from matcher.records.keeping import MAX_PROFILES, Overruled, Records, identity, overruled
from matcher.records.sources import Kind, Source, Verified, source_of

__all__ = ["MAX_PROFILES", "Change", "Kind", "Overruled", "Records", "Revision", "Source", "Verified", "identity",
           "overruled", "source_of"]  # fmt: skip
