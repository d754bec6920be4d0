"""Text hygiene and fusion."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.fusion import z_fuse, z_score
from index.text import clean_text


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a\x00b", "ab"),
        ("政\u200b策\ud800", "政策"),
        ("ＡＢＣ　公司", "ABC 公司"),
        ("  一\r\n\t二\u2028三 ", "一 二 三"),
        ("x\u2581y\ufffdz", "x y z"),
        ("", ""),
        ("\x00\x07 ", ""),
    ],
)
def test_clean_text(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=60), st.integers(0, 40))
def test_clean_text_is_idempotent_capped_and_writable(raw: str, cap: int) -> None:
    clean = clean_text(raw, cap)
    assert clean_text(clean, cap) == clean
    assert len(clean) <= cap
    clean.encode("utf-8")


def test_clean_text_of_100k_characters_is_quick() -> None:
    begun = time.process_time()
    assert len(clean_text("设备Ａ\x00 " * 25_000)) <= 2000
    assert time.process_time() - begun < 1


def test_z_fuse_weights_and_ignores_a_constant_column() -> None:
    dense, lexical = np.array([0.8, 0.9, 0.85]), np.array([3.0, 3.0, 3.0])
    np.testing.assert_allclose(z_fuse(dense, lexical), 0.65 * z_score(dense), rtol=1e-6)
    np.testing.assert_allclose(z_fuse(np.full(3, np.float32(0.1)), lexical), np.zeros(3))


def test_z_fuse_leaves_out_a_missing_part() -> None:
    values = np.array([1.0, 2.0, 4.0])
    np.testing.assert_array_equal(z_fuse(None, values), z_score(values))
    np.testing.assert_array_equal(z_fuse(values, None), z_score(values))
    assert z_fuse(None, np.zeros(0)).shape == (0,)
    assert z_fuse(None, np.array([5.0])).tolist() == [0.0]


def test_z_fuse_rejects_nonsense() -> None:
    with pytest.raises(ValueError, match="both None"):
        z_fuse(None, None)
    with pytest.raises(ValueError, match="same candidates"):
        z_fuse(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="between 0 and 1"):
        z_fuse(np.zeros(2), np.zeros(2), 1.5)
