"""The bundled model by OpenVINO, without torch.

A text's vector depends on that text alone, bit for bit in float32: texts are batched with others of exactly the same
number of tokens, so that nothing is padded, and the sums inside one row do not depend on the number of rows.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.model import DOCUMENT_PROMPT, QUERY_PROMPT, bundled_tokenizer, read_bundled
from index.packed import PackedModel
from policies.errors import ModelUnavailable

if TYPE_CHECKING:
    import openvino  # type: ignore[import-untyped] # openvino has no py.typed

# Above 500 tokens a batch gains nothing; below, the matrix products are too small for the cores.
_BATCH_TOKENS = 1024
# Texts tokenised at once: bounds the memory of a long call.
_BLOCK_TEXTS = 2048


class OpenVinoEngine:
    """See `index.engines.Engine`; only for the bundled model and not safe in threads."""

    def __init__(self) -> None:
        """Build and compile the graph, in bf16 where the CPU multiplies it in hardware, else in float32.

        Raises:
            ModelUnavailable: openvino or the bundled model is missing, or openvino does not run on this machine.
        """
        model = read_bundled()
        self.dim = model.hidden
        self._request = _compiled(model).create_infer_request()
        self._tokenizer = bundled_tokenizer(model)
        self._tokenizer.enable_truncation(model.positions)
        positions = model.float32("emb.pos", model.positions, model.hidden)
        # Every token is of the first type: there is no second sentence.
        self._positions = positions + model.float32("emb.type", model.types, model.hidden)[0]
        # Kept for its word embeddings, which stay packed (54 MB, not 384); the pieces are in the tokenizer now.
        self._packed = dataclasses.replace(model, pieces=())

    def encode(self, texts: Sequence[str], *, is_query: bool) -> NDArray[np.float32]:
        """See `Engine`."""
        prompt = QUERY_PROMPT if is_query else DOCUMENT_PROMPT
        vectors = np.empty((len(texts), self.dim), dtype=np.float32)
        # Texts of similar length share a block, so that those of equal length come together.
        by_length = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        for start in range(0, len(by_length), _BLOCK_TEXTS):
            rows = by_length[start : start + _BLOCK_TEXTS]
            encodings = self._tokenizer.encode_batch_fast([prompt + texts[row] for row in rows])
            for batch in _batches([encoding.ids for encoding in encodings]):
                tokens = np.array([encodings[place].ids for place in batch])
                vectors[[rows[place] for place in batch]] = self._run(tokens)
        return vectors

    def _run(self, tokens: NDArray[np.int64]) -> NDArray[np.float32]:
        """Mean token vectors, float32 (n, dim), of token numbers (n, length)."""
        model = self._packed
        words = model.unpacked_rows("emb.word", model.vocabulary, model.hidden, tokens.reshape(-1))
        embedded = words.reshape(*tokens.shape, model.hidden) + self._positions[: tokens.shape[1]]
        # The result belongs to the request and changes with the next call.
        vectors: NDArray[np.float32] = self._request.infer([embedded])[0].copy()
        return vectors


def _batches(token_ids: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Places of texts with equally many tokens, at most _BATCH_TOKENS together (one text may have more)."""
    groups: dict[int, list[int]] = {}
    for place, ids in enumerate(token_ids):
        groups.setdefault(len(ids), []).append(place)
    for length, places in groups.items():
        size = max(1, _BATCH_TOKENS // length)
        for start in range(0, len(places), size):
            yield places[start : start + size]


def _compiled(model: PackedModel) -> openvino.CompiledModel:
    try:
        from index.bert_graph import compiled_bert

        # Not read by OpenVINO itself; a Dask worker has it at 1, as there is one worker for each core.
        threads = os.environ.get("OMP_NUM_THREADS", "")
        return compiled_bert(model, int(threads) if threads.isdecimal() else 0)
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelUnavailable(
            f"无法加载 OpenVINO（{error}）。请运行 pip install --force-reinstall openvino，或卸载它改用 torch"
        ) from error
