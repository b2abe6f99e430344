"""What a file is by its bytes, and whether it is taken in. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import filetype

from app.errors import Refused


@dataclass(frozen=True, slots=True)
class Kind:
    """`ending` is what stands at the end of a whole file; `slack` is how many bytes some programs add after it."""

    name: str
    suffixes: tuple[str, ...]
    ending: bytes
    slack: int


_KB = 1024
#: Little may follow the end of a file, for a second one could hide there. Cameras write notes after a photograph.
KINDS = {
    "application/pdf": Kind("PDF", (".pdf",), b"%%EOF", 64),
    "image/png": Kind("PNG", (".png",), b"IEND\xaeB`\x82", 0),
    "image/jpeg": Kind("JPEG", (".jpg", ".jpeg"), b"\xff\xd9", 4096),
}


def inspect(filename: str, content: bytes, largest: int) -> str:
    """Return the media type of a file that may be taken in; `largest` is in bytes.

    Raises Refused at "file": "evidence_empty", "evidence_too_large", "evidence_type", "evidence_name_lies",
    "evidence_broken" (cut off, or something follows its end), "evidence_encrypted".
    """
    if not content:
        raise Refused("evidence_empty", field="file")
    if len(content) > largest:
        raise Refused("evidence_too_large", field="file", largest_mb=largest // (_KB * _KB) or 1)
    media_type: str | None = filetype.guess_mime(content)
    kind = KINDS.get(media_type or "")
    if kind is None or media_type is None:
        raise Refused("evidence_type", field="file")
    if PurePath(filename).suffix.lower() not in kind.suffixes:
        raise Refused("evidence_name_lies", field="file", found=kind.name)
    if kind.ending not in content[-len(kind.ending) - kind.slack :]:
        raise Refused("evidence_broken", field="file", found=kind.name)
    if media_type == "application/pdf" and b"/Encrypt" in content:
        raise Refused("evidence_encrypted", field="file")
    return media_type
