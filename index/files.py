"""Writing files so that a reader sees the old content or the new one, never a half."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path next to `path`; on a clean exit it takes the place of `path` in one step.

    Args:
        path: The file to write; missing parent folders are made.

    Yields:
        Where to write. After an error the temporary file is removed and `path` is as it was.

    Raises:
        OSError: The folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The process id and a random part keep two processes that write the same file apart.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` in one step.

    Raises:
        OSError: The folder cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(content)
