"""Replicas that share a package hold it against its digests while others run it."""

from __future__ import annotations

from pathlib import Path

from components.adapters.slots.bento_files import damage_of, list_files
from components.adapters.slots.sealed_bento import package_sha256


def test_what_python_makes_beside_the_code_is_not_even_read(tmp_path: Path) -> None:
    code = tmp_path / "bento" / "src"
    code.mkdir(parents=True)
    (code / "service.py").write_text("answer = 42\n")
    md5, sha256 = list_files(tmp_path / "bento"), package_sha256(tmp_path / "bento")
    (code / "__pycache__").mkdir()
    (code / "__pycache__" / "service.pyc").symlink_to("/proc/self/mem")  # a regular file that ends no read well
    assert damage_of(tmp_path / "bento", md5) == ()
    assert package_sha256(tmp_path / "bento") == sha256
    (code / "service.py").write_text("answer = 41\n")
    assert damage_of(tmp_path / "bento", md5) == (f"{code / 'service.py'} is damaged",)
    assert package_sha256(tmp_path / "bento") != sha256
