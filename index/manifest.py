"""The manifest: what an index was built from, checked each time it is opened."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from index.files import write_bytes
from policies.errors import IndexStale

FORMAT_VERSION = 1
_REMEDY = "请运行 huiqi index build 重新生成索引"


@dataclass(frozen=True)
class Manifest:
    """What an index holds and what it was built from.

    Attributes:
        format_version: Layout of the index folder; FORMAT_VERSION of the program that wrote it.
        model_id: Encoder of the vectors, its revision included; None for an index of words only.
        dim: Length of a vector; 0 without vectors.
        n: Number of measures.
        library_digest: Digest of the policy library the texts came from.
        query_mean: Mean of the encoded query samples, dim numbers; empty without vectors.
        document_mean: Mean of the encoded measures, dim numbers; empty without vectors.
        created_with: Package name to version, for support; not checked.
    """

    format_version: int
    model_id: str | None
    dim: int
    n: int
    library_digest: str
    query_mean: tuple[float, ...]
    document_mean: tuple[float, ...]
    created_with: Mapping[str, str]


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write the manifest as JSON; equal manifests give equal bytes.

    Raises:
        OSError: The folder cannot be written.
    """
    # A shallow dict: asdict would deep-copy the means for nothing.
    fields = {field.name: getattr(manifest, field.name) for field in dataclasses.fields(manifest)}
    text = json.dumps(fields | {"created_with": dict(manifest.created_with)}, ensure_ascii=False, sort_keys=True)
    write_bytes(path, (text + "\n").encode())


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        FileNotFoundError: There is no such file.
        IndexStale: It is not a manifest of this format.
    """
    try:
        fields = json.loads(path.read_bytes())
        version = fields["format_version"]
        if version != FORMAT_VERSION:
            raise IndexStale(f"索引格式（版本 {version}）与本程序（版本 {FORMAT_VERSION}）不符：{path}。{_REMEDY}")
        means = {name: tuple(float(x) for x in fields[name]) for name in ("query_mean", "document_mean")}
        return Manifest(**(fields | means))
    except (ValueError, KeyError, TypeError) as error:
        raise IndexStale(f"索引清单无法读取：{path}。{_REMEDY}") from error


def check(manifest: Manifest, *, model_id: str | None, library_digest: str) -> None:
    """Refuse an index that was built from something else.

    Args:
        manifest: As read from the index.
        model_id: The encoder in use; None when only words are used (any index serves then).
        library_digest: Digest of the library in use.

    Raises:
        IndexStale: Another library or another model; the message names the command to run.
    """
    if manifest.library_digest != library_digest:
        raise IndexStale(
            f"政策库已更新，而索引仍是按旧政策库生成的"
            f"（索引 {manifest.library_digest[:12]}，政策库 {library_digest[:12]}）。{_REMEDY}"
        )
    if model_id is not None and manifest.model_id != model_id:
        built = manifest.model_id or "无向量，仅按字词"
        raise IndexStale(f"索引所用的模型（{built}）与当前设置的模型（{model_id}）不同。{_REMEDY}")
