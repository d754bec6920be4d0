"""What a policy is: profiles, fields, rules, benefits, code tables and the library. No ML, no network.

`from policies import CompanyProfile, load_library` works; the names are loaded on first use, so that importing one
small module (`policies.errors`) stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policies.library import Library, LibraryMeasure, load_library
    from policies.profile import CompanyProfile, Plan

__all__ = ["CompanyProfile", "Library", "LibraryMeasure", "Plan", "load_library"]
_HOMES = {
    "CompanyProfile": "policies.profile",
    "Library": "policies.library",
    "LibraryMeasure": "policies.library",
    "Plan": "policies.profile",
    "load_library": "policies.library",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'policies' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
