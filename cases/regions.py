"""Which parts of the body the name of an examination speaks of, in Swedish and English.

Words only, to tell that a CT of the head is no CT of the thorax: an examination that names other parts than what is
asked for is left to a person. A name without any of these words says nothing either way.
"""

import re
from typing import Final

_WORDS: Final = {
    "head": "huvud skalle hjärn neuro head skull brain cereb",
    "neck": "hals neck larynx",
    "thorax": "thorax torax bröstkorg lung chest thorac pulmon",
    "heart": "hjärt kranskärl heart cardiac coronar",
    "abdomen": "buk abdom lever liver hepat pankreas pancrea njur kidney renal urogra mjälte spleen gallväg bil",
    "pelvis": "bäcken pelvi rekt rect prostat livmoder uter cervix ovari",
    "spine": "rygg kotpelare kota spin vertebr",
    "limbs": "arm axel armbåge hand handled ben knä fot höft lår arms shoulder elbow wrist leg knee foot ankle hip",
    "breast": "bröst mammo breast",
    "thyroid": "sköldkörtel thyr",
}
_WHOLE: Final = frozenset(
    (
        "arm",
        "arms",
        "axel",
        "hand",
        "ben",
        "knä",
        "fot",
        "lår",
        "leg",
        "knee",
        "foot",
        "hip",
        "bil",
        "bröst",
        "kota",
        "spin",
    )
)
"""Words that others begin with: they count only as they stand."""

_PATTERNS: Final = {
    part: re.compile(r"\b(?:" + "|".join(word + (r"\b" if word in _WHOLE else "") for word in words.split()) + ")")
    for part, words in _WORDS.items()
}


def parts_named(name: str) -> frozenset[str]:
    """Return the parts of the body that the name of an examination speaks of; empty where it names none."""
    text = name.casefold().replace("_", " ")
    return frozenset(part for part, pattern in _PATTERNS.items() if pattern.search(text))


def is_elsewhere(name: str, *asked: str) -> bool:
    """Return whether an examination of this name looks at other parts of the body than all names of what is asked."""
    named, wanted = parts_named(name), frozenset().union(*(parts_named(one) for one in asked))
    return bool(named and wanted) and named.isdisjoint(wanted)
