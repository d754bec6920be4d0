"""Which regions, industries and sizes a library has measures for: the cells without any are its gaps."""

from __future__ import annotations

import datetime as dt
from itertools import product

import numpy as np

from matcher.eligibility import Evaluation
from policies.columns import columns_of
from policies.fields import registry
from policies.industries import industries
from policies.library import Library, LibraryMeasure
from policies.profile import CompanyProfile
from policies.regions import regions
from policies.validate.places import place_of
from policies.validate.report import Cell, CoverageTable

ELSEWHERE = "其他地区"


def coverage_table(library: Library, as_of: dt.date) -> CoverageTable:
    """Count, for a company of which only region, section and size are known, the measures that are not ruled out.

    Directions without a benefit are left out, and so is what is not in force at `as_of`. The regions are the
    prefectures of every province that has a policy of its own in the library, and one company elsewhere.
    """
    tree = industries()
    places = {**_prefectures(library), ELSEWHERE: _elsewhere(library)}
    sections, sizes = tree.children(tree.root), registry()["size"].classes
    keys = list(product(places, sections, sizes))
    profiles = [
        CompanyProfile.model_validate({"region": places[place], "industry_code": section, "size": size})
        for place, section, size in keys
    ]
    evaluation = Evaluation(columns_of(profiles, as_of), manual_passed=True)
    total, local = np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys), dtype=np.int64)
    for entry in library.measures:
        if _counts(entry, library, as_of):
            possible = evaluation.truth(entry.rule).values >= 0
            total += possible
            local += possible & (entry.policy.level != "national")
    return CoverageTable(
        tuple(
            Cell(place, f"{section} {tree.title(section)}", size, int(total[row]), int(local[row]))
            for row, (place, section, size) in enumerate(keys)
        )
    )


def _counts(entry: LibraryMeasure, library: Library, as_of: dt.date) -> bool:
    return entry.measure.benefit.type != "direction" and library.lifecycle(entry.policy.policy_id, as_of).matchable


def _provinces(library: Library) -> tuple[str, ...]:
    """Codes of the provinces that the local policies are from, in the order of the code table."""
    tree = regions()
    codes = {place_of(policy) for policy in library.policies.values() if policy.level != "national"}
    spans = [tree.span(code) for code in codes if code is not None]
    return tuple(
        code
        for code in tree.children(tree.root)
        if any(tree.span(code)[0] <= low and high <= tree.span(code)[1] for low, high in spans)
    )


def _prefectures(library: Library) -> dict[str, str]:
    """Name to code of the prefectures of those provinces."""
    tree = regions()
    return {tree.title(code): code for province in _provinces(library) for code in tree.children(province)}


def _elsewhere(library: Library) -> str:
    """The last province without a policy of its own, so that no local rule names it."""
    own = _provinces(library)
    return next(code for code in reversed(regions().children(regions().root)) if code not in own)
