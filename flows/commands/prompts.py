"""`recops prompts`: the versions of the reranking prompt in MLflow."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def prompts() -> None:
    """The prompt that language models are asked with; prompts/recops-rerank.md is the project's own."""


@prompts.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--message", default="registered by hand", show_default=True, help="What has changed.")
@click.option("--challenger", is_flag=True, help="Let the next release use it, without a shadow evaluation.")
def register(file: Path | None, message: str, challenger: bool) -> None:
    """Register the text of FILE, by default the project's own, as a version; a text that is there already stays."""
    from components.adapters.mlflow_prompts import PromptRegistry
    from components.adapters.mlflow_registry import CHALLENGER, ModelRegistryError
    from components.adapters.settings import load_settings
    from components.reranking.prompt import PROMPT, PromptError

    settings = load_settings()
    path = file or settings.project / "prompts" / f"{PROMPT}.md"
    registry = PromptRegistry(settings.mlflow_url)
    try:
        version = registry.register(path.read_text(), message)
        if challenger:
            registry.set_alias(CHALLENGER, version.version)
    except PromptError as error:
        raise click.ClickException(f"{path}: {error}") from error
    except ModelRegistryError as error:
        raise click.ClickException(f"{error}; is the stack running? `recops up` starts it") from error
    click.echo(f"{path} is version {version.version} of {PROMPT}" + (", and the challenger" if challenger else ""))
