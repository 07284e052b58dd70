"""From a Typst template and plain data to a tagged PDF that opens in any archive (PDF/A-2a)."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import font_source_sans_pro
import typst

FOLDER = Path(__file__).parent
FONTS = Path(font_source_sans_pro.__file__).parent / "files"
"""Source Sans Pro, from its package: the wheel of Typst brings no sans."""


def compile_pdf(template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """Return the PDF of `template` (a file of this folder) filled with `data`.

    The data goes in as JSON text, so nothing in it can become markup. The same data and `at` (aware) give the
    same bytes. Templates read no file outside this folder, and no font of the machine.
    """
    document: bytes = typst.compile(
        str(FOLDER / template),
        root=str(FOLDER),
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=["a-2a"],
        timestamp=int(at.timestamp()),
        ignore_system_fonts=True,
        font_paths=[str(FONTS)],
    )
    if not isinstance(document, bytes):
        raise TypeError("A PDF is one piece; Typst answered with several.")
    return document
