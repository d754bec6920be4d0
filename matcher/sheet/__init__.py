"""Real spreadsheets into company profiles: `open_source(path).read()` streams rows, read or with their problems."""

from matcher.sheet.files import Source, open_source
from matcher.sheet.limits import SheetLimits
from matcher.sheet.mapping import TABLE_HEADINGS, ColumnMapping, HeaderMapping, SheetMapping
from matcher.sheet.problems import ReadRow, RowProblem

__all__ = [
    "TABLE_HEADINGS",
    "ColumnMapping",
    "HeaderMapping",
    "ReadRow",
    "RowProblem",
    "SheetLimits",
    "SheetMapping",
    "Source",
    "open_source",
]
