"""Names what a file is, from its first bytes, where it is no table that is read here, and what to do about it."""

from __future__ import annotations

from components.interactions.text_encoding import wide_encoding

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF; export the table behind it as CSV"),
    (b"SQLite format 3\x00", "an SQLite database; read it with source=sql and RECOPS_SOURCE_SQL_URL=sqlite:///PATH"),
    (b"version https://git-lfs", "a pointer of Git LFS, and not the file itself; fetch that with `git lfs pull`"),
    (b"<?xml", "XML, or what a server says instead of the file; look into it, and write a table as CSV"),
    (b"<Error>", "what a server says instead of the file; look into it"),
    (b"\x80\x04\x95", "a pickle, which could run programs; write the table as Parquet or CSV"),
    (b"\x80\x05\x95", "a pickle, which could run programs; write the table as Parquet or CSV"),
    (b"\x93NUMPY", "an array of NumPy; write a row for each interaction as CSV or Parquet"),
    (b"ARROW1", "an Arrow or Feather file; write it as Parquet"),
    (b"ORC", "an ORC file; write it as Parquet"),
    (b"Obj\x01", "an Avro file; write it as Parquet"),
    (b"\x89HDF", "an HDF5 file; write the table as Parquet or CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"%%MatrixMarket", "a Matrix Market file; write lines of user, item and value under a header"),
    (b"@relation", "an ARFF file; keep what follows @data, under a header with the names of the columns"),
    (b"@RELATION", "an ARFF file; keep what follows @data, under a header with the names of the columns"),
)
_TAR_AT, _TAR = 257, b"ustar"
_ODD = bytes({*range(32)} - set(b"\x00\x01\t\n\v\f\r\x1a\x1b\x1e\x1f"))
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_SAMPLE = 4096
_ODD_SHARE = 0.05


def name_foreign(data: bytes) -> str | None:
    """What `data` is, as "this is ..." goes on; None where it may be text."""
    head = data[:_SAMPLE].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    for start, said in _STARTS:
        if head.startswith(start):
            return said
    if data[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return "a tar archive; unpack it"
    if (
        not data.startswith(_WIDE)
        and wide_encoding(data) is None
        and sum(map(head.count, (bytes([byte]) for byte in _ODD))) > _ODD_SHARE * len(head)
    ):
        return "no text: its bytes are none that texts have"
    return None
