"""The REST interface under /api/v1."""

from __future__ import annotations

from matcher.api.app import create

__all__ = ["create"]
