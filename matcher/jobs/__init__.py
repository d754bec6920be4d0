"""Work that goes on after its page is left: a queue in the database, one process for each job."""

from matcher.jobs.corrections import Correction, Corrections, corrected
from matcher.jobs.outcome import Filter, Outcome
from matcher.jobs.queue import MAX_K, MAX_OPEN, MEDIA_TYPES, Jobs
from matcher.jobs.task import JobKind, Matching

__all__ = [
    "MAX_K",
    "MAX_OPEN",
    "MEDIA_TYPES",
    "Correction",
    "Corrections",
    "Filter",
    "JobKind",
    "Jobs",
    "Matching",
    "Outcome",
    "corrected",
]
