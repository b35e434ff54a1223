"""Opens a model folder as a scorer of pairs of query and document, or says why it cannot be one.

Nothing is downloaded, no code of the folder is run, and weights that are pickles are not read.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from components.reranking.tuning.preferences import TuningError

EXTRA = ("torch", "transformers", "peft")
INSTALL = "uv pip install 'recops[tune]'"


def check_installed(needed: Sequence[str] = EXTRA) -> None:
    """Refuses where something of the extra is not installed, and names it.

    Raises:
        TuningError: one of `needed` is missing.
    """
    if missing := [name for name in needed if importlib.util.find_spec(name) is None]:
        raise TuningError(f"{', '.join(missing)} not installed: {INSTALL}")


def check_base(base: Path, option: str = "--base") -> None:
    """Refuses what is no model folder and no GGUF, without reading weights.

    Raises:
        TuningError: as `open_base`.
    """
    _source(base, f"{option} {base}")


def open_base(base: Path, option: str = "--base") -> tuple[Any, Any]:
    """The model with one score for a text, and its tokenizer; a head that lacks is drawn at random (torch's seed).

    Args:
        base: a folder with config.json, tokenizer and safetensors, or with one GGUF file, or that file.
        option: where `base` is from, for the message.

    Raises:
        TuningError: the extra is missing, it is no such folder, or transformers cannot read it.
    """
    where = f"{option} {base}"
    folder, file = _source(base, where)
    check_installed()
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, **file)
        model: Any = AutoModelForSequenceClassification.from_pretrained(
            folder,
            num_labels=1,
            ignore_mismatched_sizes=True,
            local_files_only=True,
            dtype="float32",
            use_safetensors=not file,
            **file,
        )
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, NotImplementedError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise TuningError(
            f"{where}: transformers cannot read it as a model that scores a text: {said[:300]}"
        ) from error
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise TuningError(
                f"{where}: its tokenizer has no padding and no end; set pad_token in tokenizer_config.json"
            )
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    model.config.pad_token_id = tokenizer.pad_token_id
    return model, tokenizer


def _source(base: Path, where: str) -> tuple[str, dict[str, str]]:
    """The folder, and which file of it is meant where that is a GGUF."""
    if base.is_file() and base.suffix == ".gguf":
        return _gguf(base, where)
    if not base.is_dir():
        raise TuningError(f"{where}: no folder; give one with config.json, a tokenizer and safetensors, or a .gguf")
    if (base / "config.json").is_file():
        return str(base), {}
    if (base / "adapter_config.json").is_file():
        raise TuningError(f"{where}: holds an adapter alone; merge it into its model (peft: merge_and_unload) first")
    files = sorted(base.glob("*.gguf"))
    if len(files) == 1:
        return _gguf(files[0], where)
    told = "several .gguf; name the file" if files else "no config.json and no .gguf in it"
    raise TuningError(f"{where}: not a model folder: {told}")


def _gguf(file: Path, where: str) -> tuple[str, dict[str, str]]:
    try:
        check_installed(("gguf",))
    except TuningError as error:
        raise TuningError(f"{where}: {error}") from error
    return str(file.parent), {"gguf_file": file.name}
