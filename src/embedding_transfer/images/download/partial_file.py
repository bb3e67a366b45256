"""A file that is not all there yet: ``NAME.part``, and beside it what it is a part of."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, replace
from http.client import HTTPResponse
from pathlib import Path

from embedding_transfer.files import whole_file, write_text


@dataclass(frozen=True)
class Version:
    """What a server says of a file, by which one sees that it is still the same.

    Attributes:
        size: Bytes of the whole file.
        etag: A name of its content.
        last_modified: Its date.
    """

    size: int | None
    etag: str | None
    last_modified: str | None

    @classmethod
    def of(cls, answer: HTTPResponse) -> Version:
        """The version of the file that an answer brings, whole or in part."""
        if answer.status == 206:
            total = re.search(r"/(\d+)$", answer.headers.get("Content-Range", ""))
            size = int(total[1]) if total else None
        else:
            size = answer.length
        return cls(size, answer.headers.get("ETag"), answer.headers.get("Last-Modified"))

    def is_same(self, other: Version) -> bool:
        """Whether two answers speak of the same content; without a size nobody knows."""
        if self.size is None or self.size != other.size:
            return False
        if self.etag and other.etag:
            return self.etag == other.etag
        return self.last_modified == other.last_modified

    @property
    def condition(self) -> str | None:
        """What to send as ``If-Range``, which takes no weak ETag."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


class PartialFile:
    """What is there of a file so far.

    Args:
        final: The name it gets when it is whole and right.
        url: Where it comes from; a part from elsewhere is not used.
    """

    def __init__(self, final: Path, url: str) -> None:
        self.final = final
        self.url = url
        self.path = final.with_name(f"{final.name}.part")
        self._facts = final.with_name(f"{final.name}.part.json")
        self.version = self._read_version()

    @property
    def n_bytes(self) -> int:
        """How much is there."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def is_whole(self) -> bool:
        """Whether all is there that the server announced."""
        return self.version is not None and 0 < self.n_bytes == self.version.size

    def start_over(self, version: Version) -> None:
        """Empty it, to become a file of this version."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._facts.unlink(missing_ok=True)
        self.path.write_bytes(b"")
        self._write_version(version)

    def note_whole(self) -> None:
        """Note that this is all, though the server had not said how much that would be."""
        if self.version is not None and self.version.size is None:
            self._write_version(replace(self.version, size=self.n_bytes))

    def finish(self) -> None:
        """Give it its final name."""
        with whole_file(self.final) as unfinished:
            os.replace(self.path, unfinished)
        self._facts.unlink(missing_ok=True)

    def remove(self) -> None:
        """Forget it."""
        self.path.unlink(missing_ok=True)
        self._facts.unlink(missing_ok=True)

    def _write_version(self, version: Version) -> None:
        write_text(self._facts, json.dumps({"url": self.url, **asdict(version)}))
        self.version = version

    def _read_version(self) -> Version | None:
        """``None`` where nothing is there or nobody knows of what it is a part."""
        try:
            facts = json.loads(self._facts.read_text(encoding="utf-8"))
            version = Version(facts["size"], facts["etag"], facts["last_modified"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return version if facts["url"] == self.url and self.path.exists() else None
