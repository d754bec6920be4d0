"""Text to vectors to candidates; knows nothing of companies or rules.

Importing it loads neither torch nor faiss nor sentence-transformers.
"""

from index.build import Index, Similarity, build_index, open_index, query_samples
from index.cache import VectorCache, write_shipped
from index.encoder import (
    BatchEncoder,
    Encoder,
    LazyEncoder,
    NanoEncoder,
    lazy_encoder,
    model_id_of,
    open_encoder,
)
from index.fusion import z_fuse
from index.lexical import LexicalIndex
from index.manifest import Manifest
from index.model import BUNDLED_MODEL_ID, bundled_model_dir
from index.text import clean_text
from index.vectors import Centring, VectorIndex

__all__ = [
    "BUNDLED_MODEL_ID",
    "BatchEncoder",
    "Centring",
    "Encoder",
    "Index",
    "LazyEncoder",
    "LexicalIndex",
    "Manifest",
    "NanoEncoder",
    "Similarity",
    "VectorCache",
    "VectorIndex",
    "build_index",
    "bundled_model_dir",
    "clean_text",
    "lazy_encoder",
    "model_id_of",
    "open_encoder",
    "open_index",
    "query_samples",
    "write_shipped",
    "z_fuse",
]
