"""Contacts are unreadable without the key, and links cannot be written by anybody else."""

from __future__ import annotations

import pytest

from matcher.seal import Seal
from policies.errors import InputError


def test_what_is_sealed_is_opened_with_the_same_key_only() -> None:
    seal = Seal(Seal.new_key())
    sealed = seal.sealed({"name": "王芳", "address": "wang@example.cn"})
    assert "example" not in sealed
    assert seal.opened(sealed) == {"name": "王芳", "address": "wang@example.cn"}
    with pytest.raises(InputError, match="HUIQI_CONTACT_KEY"):
        Seal(Seal.new_key()).opened(sealed)


def test_a_wrong_key_is_refused_without_repeating_it() -> None:
    with pytest.raises(InputError) as refused:
        Seal("geheim")
    assert "geheim" not in str(refused.value)


def test_a_mark_is_the_same_for_the_same_texts_only() -> None:
    key = Seal.new_key()
    assert Seal(key).mark("email", "a@b.cn") == Seal(key).mark("email", "a@b.cn")
    assert Seal(key).mark("email", "a@b.cn") != Seal(key).mark("emaila", "@b.cn")
    assert Seal(key).mark("email", "a@b.cn") != Seal(Seal.new_key()).mark("email", "a@b.cn")


def test_a_token_counts_for_its_purpose_and_unchanged_only() -> None:
    seal = Seal(Seal.new_key())
    token = seal.token("end", "abc")
    assert seal.value("end", token) == "abc"
    assert seal.value("confirm", token) is None
    assert seal.value("end", token[:-6] + "AAAA==") is None
    assert seal.value("end", "") is None
