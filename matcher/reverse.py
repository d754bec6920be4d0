"""For a measure the companies that it is meant for, out of a store of millions.

The rule is evaluated row group by row group; groups that it cannot concern are not read, and of the others only the
fields that it names. Only what is returned is explained.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from matcher.assessment import Active, Assessment, Offer
from matcher.brief import match_row
from matcher.companies.store import CompanyStore
from matcher.eligibility import Evaluation, asked_spans, rows_in, unpacked
from matcher.export.arrow import SCHEMA, from_batch, to_batch
from matcher.match_rows import MatchRow
from matcher.ranking import shipped_weights
from matcher.signals import Program
from matcher.sums import Facts, amount_fields, amount_rules, sums
from policies.columns import Stated, dated, missing_inputs
from policies.companies import COMPANY_TEXTS, CompanyTable
from policies.fields import registry
from policies.library import LibraryMeasure
from policies.rules import Has, Manual, Rule, leaves
from policies.values import Span
from policies.vocabulary import vocabularies

EXPLAINED = 1_000
"""Companies explained together."""
BUCKET = 50_000
"""Rows put in order in memory at a time."""
NEWLY = "新增："
"""How the reasons of a row begin that an earlier run did not have."""
DATED = frozenset({"established_years"})
"""Fields whose stored interval is not what a rule sees: they depend on the date."""
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Hits:
    """Companies of one row group that a measure does not exclude, in their best row; each array is (n,).

    Attributes:
        group: The row group.
        company: Number in the store, int64.
        row: Row of the group, int64.
        plan: The plan it stands for, int64; -1 without plans.
        eligible: Whether nothing is open, bool.
        open: Number of conditions that are open, int64.
        low: Lower end of the estimate in yuan, float64; 0 without a sum.
        high: Upper end likewise.
        stated: Facts of these rows; None if they have to be read again.
    """

    group: int
    company: Ints
    row: Ints
    plan: Ints
    eligible: NDArray[np.bool_]
    open: Ints
    low: Floats
    high: Floats
    stated: Stated | None = None

    def take(self, places: Ints) -> Hits:
        """Some of them."""
        stated = None if self.stated is None else self.stated.take(places)
        return Hits(
            self.group, self.company[places], self.row[places], self.plan[places], self.eligible[places],
            self.open[places], self.low[places], self.high[places], stated,
        )  # fmt: skip


@dataclass(frozen=True)
class Earlier:
    """What an earlier run said: (measure_id, company) to whether it was eligible, by row of the input.

    A company has several rows where the input lists it twice.
    """

    verdicts: Mapping[tuple[str, str], Mapping[int, bool]]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str, int, bool]]) -> Earlier:
        """From (measure_id, uscc, company name, row, eligible)."""
        found: dict[tuple[str, str], dict[int, bool]] = {}
        for measure, code, name, row, sure in rows:
            found.setdefault((measure, company_key(code, name, row)), {})[row] = sure
        return cls(found)

    @cached_property
    def measures(self) -> frozenset[str]:
        """Measures for which it listed some company."""
        return frozenset(measure for measure, _ in self.verdicts)

    def eligible(self, row: MatchRow) -> bool | None:
        """Whether the company of a row was eligible; None if it was not listed.

        Of a company listed twice the same row counts; if the rows have moved, being eligible in each of them does.
        """
        said = self.verdicts.get((row.measure_id, company_key(row.uscc, row.company, row.row)))
        return None if said is None else said.get(row.row, all(said.values()))

    def news(self, rows: Iterable[MatchRow]) -> Iterator[MatchRow]:
        """Rows that were not listed, or only as possible while they are eligible now; ranked anew, and saying which."""
        rank = 0
        for row in rows:
            before = self.eligible(row)
            if before is None or (row.verdict == "eligible" and not before):
                rank += 1
                said = "此前未列出" if before is None else "此前为可能符合"
                yield replace(row, rank=rank, reasons=f"{NEWLY}{said}｜{row.reasons}")


def company_key(uscc: str, name: str, row: int) -> str:
    """How a company is known again: by credit code, else by name, else by row."""
    return uscc or name or f"#{row}"


@dataclass(frozen=True, eq=False)
class Reverse:
    """The companies of one measure, in order: eligible first, then fewest open conditions, then the larger sum.

    Attributes:
        offer: The one measure.
        groups: Hits by row group, in the order of the store.
        ranks: For each group the ranks of its hits, from 1, int64.
        eligible: Companies for which nothing is open; `possible` the others.
        low_yuan: Lower ends of the estimates of the eligible, added up; `high_yuan` likewise.
    """

    store: CompanyStore
    offer: Offer
    groups: Sequence[Hits]
    ranks: Sequence[Ints]
    eligible: int
    possible: int
    low_yuan: float
    high_yuan: float

    @classmethod
    def find(cls, store: CompanyStore, active: Active, as_of: dt.date, limit: int | None = None) -> Reverse:
        """Find the companies that no condition excludes.

        Args:
            store: Where to look.
            active: The measure, on offer at `as_of`.
            as_of: Query date.
            limit: Keep the first so many only; None keeps all.
        """
        entry = active.entry
        unverified = np.array([bool(active.validity)])
        offer = Offer(as_of, (active,), Program([entry]), np.zeros(1, dtype=np.int64), unverified)
        names = fields_of(entry)
        found, eligible, total, low, high = [], 0, 0, 0.0, 0.0
        for group in store.groups(needs_of(entry)):
            hits = _hits(store, group, names, active, as_of)
            eligible, total = eligible + int(hits.eligible.sum()), total + len(hits.company)
            low, high = low + float(hits.low[hits.eligible].sum()), high + float(hits.high[hits.eligible].sum())
            found.append(replace(hits, stated=None) if limit is None else hits.take(_first(hits, limit)))
        whole = _joined(found)
        best = _first(whole, limit)
        rank = np.zeros(len(whole.company), dtype=np.int64)
        rank[best] = np.arange(1, len(best) + 1)
        ranks = np.split(rank, np.cumsum([len(hits.company) for hits in found])[:-1]) if found else []
        return cls(store, offer, found, ranks, eligible, total - eligible, low, high)

    def rows(self) -> Iterator[MatchRow]:
        """Explain the companies, in order; kind "match", ranked from 1."""
        kept = sum(int((rank > 0).sum()) for rank in self.ranks)
        if kept <= BUCKET:
            yield from sorted((row for block in self._explained() for row in block), key=lambda row: row.rank)
            return
        with tempfile.TemporaryDirectory() as folder:
            yield from _by_rank(self._explained(), Path(folder), kept)

    def _explained(self) -> Iterator[list[MatchRow]]:
        """Rows by group, in the order of the store."""
        names = fields_of(self.offer.active[0].entry)
        for hits, rank in zip(self.groups, self.ranks, strict=True):
            places = np.flatnonzero(rank)
            stated = hits.stated
            if stated is None and len(places):
                stated = self.store.read(hits.group, names)[0].take(hits.row)
            for start in range(0, len(places), EXPLAINED):
                own = places[start : start + EXPLAINED]
                assert stated is not None
                yield self._block(hits.take(own), stated.take(own), rank[own])

    def _block(self, hits: Hits, stated: Stated, ranks: Ints) -> list[MatchRow]:
        n = len(hits.company)
        words = self.store.words(hits.company)
        texts = {name: tuple(words[f"text.{name}"]) for name in COMPANY_TEXTS}
        rows = np.array(words["row"], dtype=np.int64)
        table = CompanyTable(stated, np.arange(n), hits.plan, texts, ("",) * n, rows, tuple(words["sheet"]))
        seen = Assessment.of(self.offer, table, None, shipped_weights())
        found = (match_row(seen.company(number), 0, rank) for number, rank in enumerate(ranks.tolist()))
        return [replace(row, score=0.0) for row in found]  # a score compares the measures of one company


def fields_of(entry: LibraryMeasure) -> frozenset[str]:
    """What decides, explains and prices a measure: fields, and of a set field the items asked for ("honours=…")."""
    asked = [leaf for rule in _rules(entry) for leaf in leaves(rule) if not isinstance(leaf, Manual)]
    items = {name for leaf in asked if isinstance(leaf, Has) for name in _items_of(leaf)}
    fields = {leaf.field for leaf in asked if not isinstance(leaf, Has)} | amount_fields(entry.measure)
    inputs = {part for name in fields for part in missing_inputs(name, frozenset())}
    return frozenset(items | fields | inputs)


def _items_of(leaf: Has) -> Iterator[str]:
    vocabulary = vocabularies()[registry()[leaf.field].vocabulary]
    for item in (*leaf.items, *leaf.every):
        yield f"{registry()[leaf.field].name}={vocabulary.canonical(item)}"


def _rules(entry: LibraryMeasure) -> Iterator[Rule]:
    yield entry.rule
    yield from amount_rules(entry.measure)


def needs_of(entry: LibraryMeasure) -> dict[str, Sequence[Span]]:
    """What each conjunct alone asks of a stored interval: row groups that cannot give it are not read."""
    found: dict[str, Sequence[Span]] = {}
    for part in entry.rule.parts:
        spans = asked_spans(part)
        if spans is not None and spans[0] not in DATED:
            found.setdefault(spans[0], spans[1])  # one need for a field is enough to skip
    return found


def _hits(store: CompanyStore, group: int, names: Iterable[str], active: Active, as_of: dt.date) -> Hits:
    stated, company, plan = store.read(group, names)
    columns = dated(stated, company, plan, as_of)
    evaluation = Evaluation(columns)
    bits = evaluation.truth(active.entry.rule)
    rows = rows_in(bits.possible)
    sure = unpacked(bits.certain, bits.n)[rows]
    if not np.all(np.diff(company[rows])):  # some company has several plans left
        best = np.lexsort((rows, ~sure, company[rows]))
        best = best[np.flatnonzero(np.diff(company[rows][best], prepend=-1))]
        rows, sure = rows[best], sure[best]
    open_ = np.zeros(len(rows), dtype=np.int64)
    for part in active.entry.rule.parts:
        each = evaluation.truth(part)
        open_ += unpacked(each.possible & ~each.certain, each.n)[rows]
    ends = sums(active.entry.measure, Facts(Evaluation(columns.take(rows)), as_of))
    low, high = (np.nan_to_num(end) for end in ends)
    eligible = sure & (not active.validity)
    return Hits(group, company[rows], rows, plan[rows], eligible, open_, low, high, stated.take(rows))


def _joined(found: Sequence[Hits]) -> Hits:
    """The hits of all groups as one (of no group)."""
    if not found:
        nothing = np.empty(0, dtype=np.int64)
        money = nothing.astype(np.float64)
        return Hits(-1, nothing, nothing, nothing, nothing.astype(bool), nothing, money, money)
    return Hits(
        -1,
        company=np.concatenate([hits.company for hits in found]),
        row=np.concatenate([hits.row for hits in found]),
        plan=np.concatenate([hits.plan for hits in found]),
        eligible=np.concatenate([hits.eligible for hits in found]),
        open=np.concatenate([hits.open for hits in found]),
        low=np.concatenate([hits.low for hits in found]),
        high=np.concatenate([hits.high for hits in found]),
    )


def _first(hits: Hits, limit: int | None) -> Ints:
    """Places of the first hits in order; without sorting what is not among them."""
    keys = (~hits.eligible, hits.open, -hits.high)
    places = np.arange(len(hits.company))
    if limit is not None and len(places) > limit:
        # Whatever is worse than the limit-th in the first key that tells them apart cannot be among the first.
        coarse = keys[0] * 1_000.0 + np.minimum(keys[1], 999)
        edge = np.partition(coarse, limit - 1)[limit - 1]
        sure, tied = np.flatnonzero(coarse < edge), np.flatnonzero(coarse == edge)
        wanted = limit - len(sure)
        cut = np.partition(keys[2][tied], wanted - 1)[wanted - 1]
        better, equal = tied[keys[2][tied] < cut], tied[keys[2][tied] == cut]
        places = np.concatenate([sure, better, equal[: wanted - len(better)]])
    best: Ints = places[np.lexsort((hits.company[places], *(key[places] for key in reversed(keys))))][:limit]
    return best


def _by_rank(blocks: Iterable[list[MatchRow]], folder: Path, count: int) -> Iterator[MatchRow]:
    """Put rows in order that do not fit into memory: first into buckets of ranks, then bucket by bucket."""
    paths = [folder / f"{number}.parquet" for number in range((count - 1) // BUCKET + 1)]
    with ExitStack() as stack:
        writers = [stack.enter_context(pq.ParquetWriter(path, SCHEMA, compression="lz4")) for path in paths]
        for block in blocks:
            for number in {(row.rank - 1) // BUCKET for row in block}:
                own = [row for row in block if (row.rank - 1) // BUCKET == number]
                writers[number].write_batch(to_batch(own))
    for path in paths:
        table: pa.Table = pq.read_table(path)
        rows = [row for batch in table.to_batches() for row in from_batch(batch)]
        yield from sorted(rows, key=lambda row: row.rank)
