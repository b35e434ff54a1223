"""Fetches the bytes of a file from a disk or any address that fsspec knows, and unpacks them."""

from __future__ import annotations

import bz2
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

import fsspec
import pyarrow as pa
from fsspec.implementations.zip import ZipFileSystem

from components.adapters.machine.url_redaction import without_userinfo
from components.interactions.source import SourceError, SourceUnavailableError

_GZIP, _ZSTD, _BZIP, _XZ, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00", b"PK\x03\x04"
_PACKED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd", ".bz2": "bzip2", ".xz": "xz"}


@dataclass(frozen=True)
class StoredPlace:
    """A file or a folder of a file system; `path` is the file system's own name of it."""

    system: Any
    path: str
    shown: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rstrip("/").rpartition("/")[2]

    def children(self) -> list[StoredPlace]:
        """What a folder holds, by name; what begins with a dot or an underline is left out."""
        found = []
        for path in sorted(entry["name"] for entry in self.system.ls(self.path, detail=True)):
            child = StoredPlace(self.system, path, f"{self.shown.rstrip('/')}/{path.rstrip('/').rpartition('/')[2]}")
            if not child.name.startswith((".", "_")):
                found.append(child)
        return found

    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return bool(self.system.isdir(self.path))

    def exists(self) -> bool:
        """Whether it is there."""
        return bool(self.system.exists(self.path))

    def fingerprint(self) -> str:
        """What changes when the file does: its size, and when or as what it was written."""
        info = self.system.info(self.path)
        mark = info.get("mtime") or info.get("LastModified") or info.get("ETag") or info.get("CRC") or ""
        return f"{info.get('size')} {mark}"


@dataclass(frozen=True)
class Unpacked:
    """`data` is what the file holds, `name` its name without what says how it was packed, `packing` that in words."""

    data: bytes
    name: str
    packing: str


def locate(address: str) -> StoredPlace:
    """The place that `address` names: a path, or a URL such as s3://bucket/folder. A zip file is a folder.

    Raises:
        SourceError: no library for the address is installed, or the zip file is damaged.
        SourceUnavailableError: the file system does not answer.
    """
    shown = without_userinfo(address) if "://" in address else address
    try:
        system, path = fsspec.core.url_to_fs(address)
        system.invalidate_cache()  # file systems are kept by the process, with what their folders held
        place = StoredPlace(system, path, shown)
        if system.exists(path) and not system.isdir(path) and path.lower().endswith(".zip"):
            return StoredPlace(ZipFileSystem(fo=system.open(path, "rb")), "", shown)
        return place
    except (ImportError, ValueError) as error:
        raise SourceError(f"{shown}: {' '.join(str(error).split())}") from error
    except zipfile.BadZipFile as error:
        raise SourceError(f"{shown} cannot be read: the zip file is damaged or cut off; fetch it again") from error
    except OSError as error:
        raise SourceUnavailableError(f"{shown}: {' '.join(str(error).split())}") from error


def fetch(place: StoredPlace) -> Unpacked:
    """The bytes of a file, unpacked as its first bytes say.

    Raises:
        SourceError: the file is not there, or its packing is damaged or cut off.
    """
    try:
        data: bytes = place.system.cat_file(place.path)
    except (zipfile.BadZipFile, zlib.error) as error:
        raise SourceError(f"{place.shown} cannot be read: the zip file around it is damaged; fetch it again") from error
    except OSError as error:
        raise SourceError(f"{place.shown} cannot be read: {' '.join(str(error).split())}") from error
    name = place.name
    for suffix in _PACKED:
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    kind = _packing(data)
    if kind is None:
        if name != place.name:
            raise SourceError(
                f"{place.shown} cannot be read: its name says that it is packed, but its bytes are not; "
                "fetch it again, or correct its name"
            )
        return Unpacked(data, name, "")
    try:
        inner = _unpack(data, kind)
        if (again := _packing(inner)) is not None:
            return Unpacked(_unpack(inner, again), name, f"{kind}, twice")
        return Unpacked(inner, name, kind)
    except (OSError, EOFError, lzma.LZMAError, ValueError) as error:
        cut_off = isinstance(error, EOFError) or "truncated" in str(error).casefold()
        said = "the file ends too early" if cut_off else "the file is damaged"
        raise SourceError(f"{place.shown} cannot be read: {said} ({kind}); fetch it again") from error


def _packing(data: bytes) -> str | None:
    starts = {_GZIP: "gzip", _ZSTD: "zstd", _BZIP: "bzip2", _XZ: "xz"}
    return next((kind for start, kind in starts.items() if data.startswith(start)), None)


def _unpack(data: bytes, kind: str) -> bytes:
    if kind == "xz":
        return lzma.decompress(data)
    if kind == "bzip2":
        return bz2.decompress(data)
    unpacked: bytes = pa.CompressedInputStream(pa.BufferReader(data), kind).read()
    return unpacked
