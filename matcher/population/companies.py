"""Realistic companies (see `chunks`): as raw profiles, as columns, or as tables with texts.

Company i of a seed is the same company however many are asked for and in whichever form.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from matcher.population.chunks import CHUNK, NO_PLAN, Chunk, draw_chunk
from matcher.population.draws import ChoiceDraw, Draw, Ints, ItemsDraw
from policies.columns import Bools, ChoiceColumn, Columns, ItemsColumn, SpanColumn, Stated, derived
from policies.companies import CompanyTable


def profiles(n: int, seed: int) -> Iterator[dict[str, object]]:
    """The first n companies as `CompanyProfile.model_validate` takes them; what is unknown is left out."""
    for chunk in _chunks(n, seed):
        texts = {"name": chunk.names(), "uscc": chunk.usccs(), "products": chunk.products()}
        plan_texts = chunk.plan_texts()
        for row in range(min(CHUNK, n - chunk.first)):
            raw: dict[str, object] = {name: column[row] for name, column in texts.items() if column[row]}
            raw |= _written(chunk.company, row)
            if chunk.plans[row] != NO_PLAN:
                raw["plans"] = [{"text": plan_texts[row], **_written(chunk.plan, row)}]
            yield raw


def columns(n: int, seed: int, as_of: dt.date) -> Columns:
    """The first n companies as columns with what can be derived at `as_of`; none has more than one plan."""
    whole, plan = _allocated(n), np.empty(n, dtype=np.int64)
    for chunk in _chunks(n, seed):
        rows = slice(chunk.first, min(chunk.first + CHUNK, n))
        _fill(whole, _stated(chunk), rows)
        plan[rows] = _plan_numbers(chunk)[: rows.stop - rows.start]
    return derived(whole, np.arange(n, dtype=np.int64), plan, as_of)


def tables(n: int, seed: int) -> Iterator[CompanyTable]:
    """The first n companies as tables of CHUNK companies, with names, credit codes and plan texts."""
    for chunk in _chunks(n, seed):
        texts = {"name": _as_read(chunk.names()), "industry_name": ("",) * CHUNK, "needs": ("",) * CHUNK}
        texts |= {"products": _as_read(chunk.products()), "uscc": tuple(chunk.usccs())}
        whole = CompanyTable(
            stated=_stated(chunk),
            company=np.arange(CHUNK, dtype=np.int64),
            plan=_plan_numbers(chunk),
            texts=texts,
            plan_texts=_as_read(chunk.plan_texts()),
            rows=np.arange(chunk.first + 1, chunk.first + CHUNK + 1, dtype=np.int64),
            sheets=("",) * CHUNK,
        )
        yield whole.take(0, min(CHUNK, n - chunk.first))


_FULL_WIDTH = str.maketrans("，（）：；", ",():;")


def _as_read(texts: Sequence[str]) -> tuple[str, ...]:
    """Texts with their full-width signs folded, as profiles hold them."""
    return tuple(text.translate(_FULL_WIDTH) for text in texts)


def _chunks(n: int, seed: int) -> Iterator[Chunk]:
    return (draw_chunk(seed, number) for number in range(-(-n // CHUNK)))


def _written(fields: Mapping[str, Draw], row: int) -> dict[str, object]:
    return {name: value for name, draw in fields.items() if (value := draw.raw(row)) is not None}


def _plan_numbers(chunk: Chunk) -> Ints:
    return np.where(chunk.plans == NO_PLAN, -1, 0)


def _stated(chunk: Chunk) -> Stated:
    spans: dict[str, SpanColumn] = {}
    choices: dict[str, ChoiceColumn] = {}
    items: dict[str, ItemsColumn] = {}
    for name, draw in {**chunk.company, **chunk.plan}.items():
        if isinstance(draw, ChoiceDraw):
            choices[name] = draw.column()
        elif isinstance(draw, ItemsDraw):
            items[name] = draw.column()
        else:
            spans[name] = draw.column()
    return Stated(spans, choices, items)


def _allocated(n: int) -> Stated:
    """Columns of n rows to be filled, with the fields, values and items that every chunk has."""
    form = _stated(draw_chunk(0, 0))

    def bools() -> Bools:
        return np.empty(n, dtype=bool)

    def codes() -> NDArray[np.uint8]:
        return np.empty(n, dtype=np.uint8)

    return Stated(
        {name: SpanColumn(np.empty(n), np.empty(n)) for name in form.spans},
        {name: ChoiceColumn(codes(), column.values) for name, column in form.choices.items()},
        {name: ItemsColumn({item: bools() for item in column.held}, bools()) for name, column in form.items.items()},
    )


def _fill(whole: Stated, part: Stated, rows: slice) -> None:
    """Write the part's first rows into these rows of the whole."""
    size = rows.stop - rows.start
    for name, span in part.spans.items():
        whole.spans[name].lo[rows], whole.spans[name].hi[rows] = span.lo[:size], span.hi[:size]
    for name, choice in part.choices.items():
        whole.choices[name].codes[rows] = choice.codes[:size]
    for name, items in part.items.items():
        whole.items[name].open[rows] = items.open[:size]
        for item, held in items.held.items():
            whole.items[name].held[item][rows] = held[:size]
