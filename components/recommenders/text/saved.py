"""Makes and opens text encoders by name, and keeps their vectors on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from scipy.sparse import csr_array

from components.recommenders.array_folder import HEADER, read_array, read_header, write_arrays
from components.recommenders.text.encoder import TextEncoder, TextEncoderError, Vectors
from components.recommenders.text.minilm import MiniLM
from components.recommenders.text.tf_idf import TfIdf

FORMS: dict[str, type[TextEncoder]] = {TfIdf.form: TfIdf, MiniLM.form: MiniLM}


def fit_encoder(name: Literal["tf_idf", "minilm"], texts: Sequence[str]) -> TextEncoder:
    """The encoder called `name`, fitted on `texts` where it has something to learn."""
    return TfIdf.fit(texts) if name == TfIdf.form else MiniLM()


def load_encoder(folder: Path) -> TextEncoder:
    """The encoder saved in `folder`.

    Raises:
        RecommenderError: a file is missing or broken.
        TextEncoderError: the form is unknown.
    """
    form = read_header(folder).get("form")
    if form not in FORMS:
        raise TextEncoderError(f"{folder / HEADER}: unknown form {form!r}; known are {', '.join(sorted(FORMS))}")
    return FORMS[form].load(folder)


def save_vectors(folder: Path, vectors: Vectors) -> None:
    """Write `vectors` into `folder`."""
    if isinstance(vectors, csr_array):
        parts = {"values": vectors.data, "columns": vectors.indices, "offsets": vectors.indptr}
        write_arrays(folder, {"form": "sparse", "width": vectors.shape[1]}, parts)
    else:
        write_arrays(folder, {"form": "dense"}, {"values": vectors})


def read_vectors(folder: Path) -> Vectors:
    """Read what `save_vectors` wrote."""
    header, values = read_header(folder), read_array(folder, "values")
    if header["form"] == "dense":
        return values
    offsets = read_array(folder, "offsets")
    return csr_array((values, read_array(folder, "columns"), offsets), shape=(len(offsets) - 1, header["width"]))
