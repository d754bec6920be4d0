"""Checks of the library as a whole: relations, dates, logic, duplicates, rules against text, trust, completeness.

What needs the truth of a rule for a company (examples, coverage, derived facts) is in `matcher.library_check`, which
runs everything.
"""

from __future__ import annotations

import datetime as dt

from policies.library import Library
from policies.validate.dates import date_findings
from policies.validate.duplicates import duplicate_findings
from policies.validate.logic_findings import logic_findings
from policies.validate.places import place_findings
from policies.validate.relations import relation_findings
from policies.validate.report import Findings, joined
from policies.validate.text_findings import text_findings
from policies.validate.trust import trust_findings


def static_findings(library: Library, as_of: dt.date) -> Findings:
    """Every finding that needs no evaluator, all at once."""
    return joined(
        (
            relation_findings(library),
            place_findings(library),
            date_findings(library, as_of),
            logic_findings(library),
            duplicate_findings(library),
            text_findings(library),
            trust_findings(library, as_of),
        )
    )
