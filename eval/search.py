"""How well search finds policies: labelled queries, ranked by words only, by meaning only, and by both.

`python -m eval.search` prints the table. The queries in data/search_queries.jsonl were written by reading the policies,
before the search was tuned; every second one ("dev") may be looked at for tuning, the others ("test") only confirm.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import click
import numpy as np
from pydantic import BaseModel, ConfigDict, TypeAdapter

from index.encoder import lazy_encoder
from matcher.retrieval import Retriever
from matcher.search import MAX_SIZE, SearchRequest, search
from matcher.search.corpus import corpus_of
from matcher.search.scores import score
from policies.library import Library, load_library

AS_OF = dt.date(2026, 11, 23)
"""The day of the table; the state of a policy is part of the order."""
Ranker = Callable[[str], list[str]]
"""Query to policy ids, best first."""


class LabelledQuery(BaseModel):
    """A query with the policies that answer it.

    Attributes:
        kind: How it is worded, in Chinese.
        split: "dev" for tuning, "test" to confirm.
        relevant: policy_ids, any of which answers; empty where nothing in the library does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    query: str
    kind: str
    split: Literal["dev", "test"]
    relevant: list[str]


@dataclass(frozen=True)
class Figures:
    """How well one ranker does on some queries.

    Attributes:
        n: Queries that have an answer.
        mrr: Mean of 1 / rank of the first policy that answers, 0 where none is found.
        first: Share whose first hit answers.
        five: Share with an answer among the first five.
        nothing: Share of the queries without an answer for which nothing is shown; NaN without such queries.
    """

    n: int
    mrr: float
    first: float
    five: float
    nothing: float


def labelled_queries() -> list[LabelledQuery]:
    """The shipped queries."""
    lines = resources.files("eval").joinpath("data/search_queries.jsonl").read_text("utf-8").splitlines()
    return TypeAdapter(list[LabelledQuery]).validate_python([json.loads(line) for line in lines])


def rankers(library: Library, retriever: Retriever, as_of: dt.date = AS_OF) -> dict[str, Ranker]:
    """The three ways to rank: words only (as without a model), meaning only, and both (as users get it)."""
    words_only = Retriever(library, None)

    def by_search(found_by: Retriever) -> Ranker:
        return lambda text: [
            hit.policy.policy_id for hit in search(library, found_by, SearchRequest(text, size=MAX_SIZE), as_of).hits
        ]

    def by_meaning(text: str) -> list[str]:
        scores = score(library, retriever, text, words=False)
        best = np.argsort(-scores.score, kind="stable")
        return [corpus_of(library).policies[row].policy_id for row in best.tolist() if scores.found[row]]

    return {"只按字词": by_search(words_only), "只按语义": by_meaning, "字词加语义": by_search(retriever)}


def measured(queries: Iterable[LabelledQuery], rank: Ranker) -> Figures:
    """The figures of one ranker."""
    ranks: list[float] = []
    silent: list[bool] = []
    for one in queries:
        found = rank(one.query)
        if one.relevant:
            ranks.append(next((place for place, found_id in enumerate(found, 1) if found_id in one.relevant), np.inf))
        else:
            silent.append(not found)
    places = np.array(ranks)
    return Figures(
        n=len(ranks),
        mrr=float(np.mean(1 / places)),
        first=float(np.mean(places <= 1)),
        five=float(np.mean(places <= 5)),
        nothing=float(np.mean(silent)) if silent else float("nan"),
    )


def table(queries: Sequence[LabelledQuery], ways: dict[str, Ranker]) -> list[str]:
    """A Markdown table: split and kind of query by way of ranking."""
    lines = ["| 查询 | 方式 | n | MRR | 第一条就对 | 前五条内 | 无答案时不硬给 |", "|---|---|--:|--:|--:|--:|--:|"]
    kinds = dict.fromkeys(one.kind for one in queries if one.relevant)
    groups = {f"全部（{split}）": [one for one in queries if one.split == split] for split in ("dev", "test")}
    groups |= {kind: [one for one in queries if one.kind == kind] for kind in kinds}
    for name, members in groups.items():
        for way, rank in ways.items():
            got = measured(members, rank)
            silent = "—" if np.isnan(got.nothing) else f"{got.nothing:.2f}"
            lines.append(f"| {name} | {way} | {got.n} | {got.mrr:.3f} | {got.first:.2f} | {got.five:.2f} | {silent} |")
    return lines


@click.command(help="检索的准确程度：只按字词、只按语义、两者结合。")
@click.option("--misses", is_flag=True, help="列出第一条不对的查询")
def main(misses: bool) -> None:
    """Print the table."""
    library = load_library()
    retriever = Retriever(library, lazy_encoder())
    ways, queries = rankers(library, retriever), labelled_queries()
    click.echo("\n".join(table(queries, ways)))
    if retriever.note:
        click.echo(retriever.note)
    if misses:
        for one in queries:
            found = ways["字词加语义"](one.query)
            if one.relevant and not set(found[:1]) & set(one.relevant):
                click.echo(f"{one.split} {one.kind} {one.query} → {found[:3]}")


if __name__ == "__main__":
    main()
