"""The bundled model as an OpenVINO graph, built from its weights: no torch, no conversion and no file on disk.

BERT after Devlin et al. 2019 with post-layer normalisation and exact GELU, then the mean over the tokens. There is no
attention mask: every text of a batch has the same number of tokens, which is also what makes its vector independent of
the others. This is the one module that imports openvino.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from index.model import layer_weights
from index.packed import PackedModel

_TELEMETRY = "openvino_telemetry"


@contextlib.contextmanager
def _without_telemetry() -> Iterator[None]:
    """Hide OpenVINO's telemetry package: a mere import of openvino would report it to Google and write into the home.

    OpenVINO has a stand-in for a missing one, which it keeps for the whole process.
    """
    if _TELEMETRY in sys.modules:
        yield
        return
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment] # how Python marks a module that must not be found
    try:
        yield
    finally:
        del sys.modules[_TELEMETRY]


with _without_telemetry():
    import openvino  # type: ignore[import-untyped] # openvino has no py.typed
    import openvino.opset13 as ops  # type: ignore[import-untyped] # as above
    from openvino import Node

_Weights = Mapping[str, NDArray[np.float32]]


def compiled_bert(model: PackedModel, threads: int = 0) -> openvino.CompiledModel:
    """The graph of `bert_graph`, compiled: in bf16 where the CPU multiplies it in hardware, else in float32.

    Args:
        model: The packed model.
        threads: How many to use; 0 for one on each core.

    Raises:
        ModelUnavailable: A tensor is missing or of the wrong size.
        RuntimeError: OpenVINO does not run on this machine.
    """
    core = openvino.Core()
    options: dict[str, object] = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": "bf16" if has_bf16(core) else "f32",
        "INFERENCE_NUM_THREADS": threads,
        # Pinned threads of two processes would share one core and leave the next one idle.
        "ENABLE_CPU_PINNING": False,
        # One prepared kernel is kept for every shape of batch: without this limit memory grows for hours (1.1 GB and
        # more), with it the process stays at .76 GB and is as fast.
        "CPU_RUNTIME_CACHE_CAPACITY": 100,
    }
    return core.compile_model(bert_graph(model), "CPU", options)


def has_bf16(core: openvino.Core) -> bool:
    """Whether the CPU multiplies bf16 in hardware; in software it would be slower than float32."""
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def bert_graph(model: PackedModel) -> openvino.Model:
    """The graph from embedded tokens to mean token vectors.

    Args:
        model: The packed model; its layers are expanded to float32 (85 MB).

    Returns:
        One input, float32 (texts, tokens, hidden): sums of word, position and type embeddings. One output, float32
        (texts, hidden), not normalised.

    Raises:
        ModelUnavailable: A tensor is missing or of the wrong size.
    """
    embedded = ops.parameter([-1, -1, model.hidden], np.float32, name="embedded")
    scale, shift = (model.float32(f"emb.ln.{part}", model.hidden) for part in "wb")
    states = _layer_norm(embedded, scale, shift, model.epsilon)
    for layer in range(model.layers):
        states = _layer(states, layer_weights(model, layer), model)
    return openvino.Model([ops.reduce_mean(states, _integers(1))], [embedded], "bert")


def _layer(states: Node, weights: _Weights, model: PackedModel) -> Node:
    attended = _linear(_attention(states, weights, model), weights, "attention.output.dense")
    states = _normalised_sum(states, attended, weights, "attention.output.LayerNorm", model.epsilon)
    inner = ops.gelu(_linear(states, weights, "intermediate.dense"), "erf")
    return _normalised_sum(states, _linear(inner, weights, "output.dense"), weights, "output.LayerNorm", model.epsilon)


def _attention(states: Node, weights: _Weights, model: PackedModel) -> Node:
    # A zero keeps the size of the input there: texts and tokens.
    split = _integers(0, 0, model.heads, model.hidden // model.heads)
    swap = _integers(0, 2, 1, 3)

    def heads(part: str) -> Node:
        return ops.transpose(ops.reshape(_linear(states, weights, f"attention.self.{part}"), split, True), swap)

    mixed = ops.scaled_dot_product_attention(heads("query"), heads("key"), heads("value"))
    return ops.reshape(ops.transpose(mixed, swap), _integers(0, 0, model.hidden), True)


def _normalised_sum(one: Node, two: Node, weights: _Weights, name: str, epsilon: float) -> Node:
    return _layer_norm(ops.add(one, two), weights[f"{name}.weight"], weights[f"{name}.bias"], epsilon)


def _layer_norm(states: Node, scale: NDArray[np.float32], shift: NDArray[np.float32], epsilon: float) -> Node:
    centred = ops.mvn(states, _integers(-1), True, epsilon, "inside_sqrt")
    return ops.add(ops.multiply(centred, ops.constant(scale)), ops.constant(shift))


def _linear(states: Node, weights: _Weights, name: str) -> Node:
    product = ops.matmul(states, ops.constant(weights[f"{name}.weight"]), False, True)
    return ops.add(product, ops.constant(weights[f"{name}.bias"]))


def _integers(*values: int) -> Node:
    return ops.constant(np.array(values, np.int64))
