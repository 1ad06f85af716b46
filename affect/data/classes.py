"""Which of the eight classes a name or a number in a data set means. Called by the manifest and its readers.

A name is understood in English and Spanish, in any case, with a number or a word such as "faces" beside it. Numbers
differ from data set to data set (1 is happy in AffectNet, surprise in RAF-DB, disgust in FER2013), so they are read
only where they are exactly AffectNet's 0…7, or where a person says what they mean with `--classes`.
"""

from __future__ import annotations

import difflib
import re
import shlex
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from affect.emotions import AFFECTNET_NUMBERS, EMOTIONS, NAMES
from affect.errors import AffectError, as_shown

NONE: Final = "none"  # in --classes: left out on purpose

# Other forms of the names in `affect.emotions`, without accents. Spanish "disgusto" (annoyance) is no disgust.
FORMS: Final = {
    "anger": "angry angered enraged rage enojo enojado enojada ira rabia enfadado enfadada",
    "contempt": "contemptuous scorn despectivo despectiva",
    "disgust": "disgusted disgusting repugnancia repulsion asqueado asqueada",
    "fear": "fearful afraid scared temor temeroso temerosa asustado asustada",
    "happy": "happiness joy joyful felicidad feliz felices alegre contento contenta",
    "neutral": "neutrality neutro neutra neutralidad",
    "sad": "sadness triste",
    "surprise": "surprised surprising sorprendido sorprendida",
}
BESIDE: Final = ("class", "emotion", "emotions", "expression", "expressions", "face", "faces", "image", "images")

# The numbers of other data sets, as they give themselves out.
KNOWN_SETS: Final[dict[str, dict[str, str]]] = {
    # Mollahosseini et al. 2017, arXiv:1708.03985; 8, 9 and 10: none, uncertain, no face
    "affectnet": {str(n): e for n, e in AFFECTNET_NUMBERS.items()} | dict.fromkeys(("8", "9", "10"), ""),
    # Goodfellow et al. 2013, arXiv:1307.0414
    "fer2013": dict(zip("0123456", ("anger", "disgust", "fear", "happy", "sad", "surprise", "neutral"), strict=True)),
    # Barsoum et al. 2016, arXiv:1608.01041; 8 and 9: unknown, no face
    "ferplus": dict(
        zip("01234567", ("neutral", "happy", "surprise", "sad", "anger", "disgust", "fear", "contempt"), strict=True)
    )
    | dict.fromkeys(("8", "9"), ""),
    # Li, Deng, Du 2017, doi:10.1109/CVPR.2017.277
    "raf-db": dict(zip("1234567", ("surprise", "fear", "disgust", "happy", "sad", "anger", "neutral"), strict=True)),
    # Lucey et al. 2010, doi:10.1109/CVPRW.2010.5543262
    "ck+": dict(
        zip("01234567", ("neutral", "anger", "contempt", "disgust", "fear", "happy", "sad", "surprise"), strict=True)
    ),
}
MOST_NAMED, MOST_READ = 8, 24  # names of a data set in one line
LONGEST_SHOWN = 60  # characters of each


def _plain(name: str) -> str:
    """Without accents and case, so that the same word is the same text."""
    apart = unicodedata.normalize("NFKD", name)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold().strip()


_WORDS: Final = {_plain(names[emotion]): emotion for names in NAMES.values() for emotion in EMOTIONS} | {
    word: emotion for emotion, words in FORMS.items() for word in words.split()
}


@lru_cache(4096)
def class_of_name(name: str) -> str:
    """The class that a name means by itself, as `Angry`, `0_neutral` and `happy faces` do, else "" (`sad_or_fear`)."""
    words = [w for w in re.split(r"[\W\d_]+", _plain(name)) if w and w not in BESIDE]
    if len(words) != 1:
        return ""
    return _WORDS.get(words[0]) or _WORDS.get(words[0].removesuffix("s"), "")


def _key(name: str) -> str:
    """How a name is found in a map of --classes: `01` is `1`, `Ärger` is `arger`."""
    return str(int(name)) if is_number(name) else _plain(name)


def is_number(name: str) -> bool:
    """Whether a name is a number such as data sets give their classes."""
    return name.isdecimal() and len(name) <= 4


def parse_classes(text: str | None) -> dict[str, str]:
    """What `--classes` says: a known data set's name, or `name=class` pairs with commas between, or both.

    Returns the class, "" for `none`, by `_key`. Raises AffectError where a part cannot be understood.
    """
    given: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in (text or "").split(","))):
        name, equals, meant = (p.strip() for p in part.partition("="))
        emotion = class_of_name(meant)
        if not equals and part.lower() in KNOWN_SETS:
            given |= KNOWN_SETS[part.lower()]
        elif equals and name and (emotion or meant.lower() == NONE):
            given[_key(name)] = emotion
        else:
            raise AffectError(
                f"--classes: {shown(part)} is not understood. Give NAME=CLASS pairs with commas between, as in "
                f"1=surprise,2=fear (classes: {', '.join(EMOTIONS)}, or {NONE} to leave a name out), or the numbers of "
                f"{', '.join(KNOWN_SETS)}."
            )
    return given


def meanings(names: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """The class of each name that is understood; "" for one that `--classes` leaves out."""
    found = {}
    for name in names:
        emotion = given.get(_key(name), class_of_name(name) or None)
        if emotion is not None:
            found[name] = emotion
    return found


def affectnet_numbers(names: Iterable[str]) -> dict[str, str]:
    """The class of each name where all are numbers, and exactly AffectNet's eight, 0…7; {} otherwise."""
    given = list(names)
    if not all(map(is_number, given)) or {int(n) for n in given} != set(AFFECTNET_NUMBERS):
        return {}
    return {n: AFFECTNET_NUMBERS[int(n)] for n in given}


def told_names(read: Mapping[str, str]) -> str:
    """`angry → anger, …` for the names that are not the classes' own, "" where all are."""
    others = {n: e for n, e in sorted(read.items()) if n.casefold() != e}
    more = [f"{len(others) - MOST_READ:,} more"] if len(others) > MOST_READ else []
    return ", ".join([f"{shown(n)} → {e or NONE}" for n, e in list(others.items())[:MOST_READ]] + more)


def told_unknown(counts: Mapping[str, int]) -> str:
    """The names that are not understood, most pictures first, as text; "" where there are none."""
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    more = [f"{len(most) - MOST_NAMED:,} more"] if len(most) > MOST_NAMED else []
    units = [" picture" if c == 1 else " pictures" for _, c in most[:1]]  # said once
    named = [f"{shown(n)} ({c:,}{units.pop() if units else ''})" for n, c in most[:MOST_NAMED]]
    return ", ".join(named + more)


def remedy(names: Iterable[str]) -> str:
    """The `--classes` that is nearest to making these names understood."""
    given = list(names)
    if all(map(is_number, given)):
        fitting = [s for s, known in KNOWN_SETS.items() if {_key(n) for n in given} <= set(known)]
        exact = [s for s in fitting if {_key(n) for n in given} == {n for n, e in KNOWN_SETS[s].items() if e}]
        known = [f"--classes {s}" for s in exact or fitting]
        return " or ".join([*known, f"--classes {_key(min(given, key=int))}=CLASS,…"])
    pairs = []
    for name in [n for n in given if not is_number(n)][:MOST_NAMED]:
        near = difflib.get_close_matches(_plain(name), _WORDS, 1, 0.75)
        pairs.append(f"{shown(name)}={_WORDS[near[0]] if near else 'CLASS'}")
    return f"--classes {shlex.quote(','.join(pairs))}"


def shown(name: str) -> str:
    """A name out of a data set as it may be printed: on one line, and short."""
    text = as_shown(name)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
