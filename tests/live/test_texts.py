from __future__ import annotations

import string

import pytest

from affect.emotions import LANGUAGES
from affect.live.texts import TEXTS


@pytest.mark.parametrize("key", TEXTS)
def test_every_sentence_is_there_in_every_language_with_the_same_values(key: str) -> None:
    assert set(TEXTS[key]) == set(LANGUAGES)
    values = [sorted(str(part[1]) for part in string.Formatter().parse(t) if part[1]) for t in TEXTS[key].values()]
    assert all(v == values[0] for v in values)
