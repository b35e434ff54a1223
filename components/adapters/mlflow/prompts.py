"""The versions of the reranking prompt in MLflow's prompt registry, with the same aliases as the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.adapters.mlflow.registry import CHALLENGER, CHAMPION, mlflow_client
from components.reranking.prompt import PROMPT, parse_template

PAGE = 200


@dataclass(frozen=True)
class PromptVersion:
    """One registered text, which never changes.

    Attributes:
        message: what its author said about it.
        aliases: that name it now; only `described` knows.
        created_at: seconds since 1970.
    """

    version: int
    text: str
    message: str = ""
    aliases: tuple[str, ...] = ()
    created_at: float = 0.0


class PromptRegistry:
    """The prompt at an MLflow server's address; every method raises ModelRegistryError where MLflow fails."""

    def __init__(self, url: str) -> None:
        self._url = url

    def register(self, text: str, message: str) -> PromptVersion:
        """The version with this text: an old one if there is one, else a new one.

        Raises:
            components.reranking.prompt.PromptError: the text is no usable template.
        """
        parse_template(text)
        for known in self.versions():
            if known.text == text:
                return known
        with mlflow_client(self._url) as client:
            made = client.register_prompt(PROMPT, text, commit_message=message)
            return PromptVersion(int(made.version), text)

    def versions(self) -> Sequence[PromptVersion]:
        """Every version, the newest first; none where nothing is registered."""
        with mlflow_client(self._url) as client:
            if client.get_prompt(PROMPT) is None:
                return []
            found = client.search_prompt_versions(PROMPT, max_results=PAGE)
            made = [PromptVersion(int(one.version), one.template, one.commit_message or "") for one in found]
            return sorted(made, key=lambda version: -version.version)

    def version(self, number: int) -> PromptVersion | None:
        """Version `number`, if there is one."""
        return next((known for known in self.versions() if known.version == number), None)

    def with_alias(self, alias: str) -> PromptVersion | None:
        """The version that `alias` names, if any."""
        from mlflow.exceptions import MlflowException

        with mlflow_client(self._url) as client:
            try:
                found = client.get_prompt_version_by_alias(PROMPT, alias)
            except MlflowException as error:
                if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                    return None
                raise
            return PromptVersion(int(found.version), found.template) if found is not None else None

    def described(self) -> Sequence[PromptVersion]:
        """Every version with message and aliases, the oldest first."""
        numbers = sorted(known.version for known in self.versions())
        with mlflow_client(self._url) as client:
            return [_described(client.get_prompt_version(PROMPT, str(number))) for number in numbers]

    def drop_alias(self, alias: str, number: int) -> None:
        """Lets `alias` name nothing, where it names version `number`."""
        named = self.with_alias(alias)
        if named is not None and named.version == number:
            with mlflow_client(self._url) as client:
                client.delete_prompt_alias(PROMPT, alias)

    def link_to_run(self, run_id: str, number: int) -> None:
        """Shows version `number` at an MLflow run, and the run at the version."""
        with mlflow_client(self._url) as client:
            client.link_prompt_version_to_run(run_id, f"prompts:/{PROMPT}/{number}")

    def set_alias(self, alias: str, number: int) -> None:
        """Lets `alias` name version `number`."""
        with mlflow_client(self._url) as client:
            client.set_prompt_alias(PROMPT, alias, number)

    def to_serve(self, text_of_project: str) -> PromptVersion:
        """The version for the next release: the challenger, else the champion, else the project's own.

        A project whose registry is empty begins with its own text as challenger: there is nothing to hold it against.
        """
        chosen = self.with_alias(CHALLENGER) or self.with_alias(CHAMPION)
        if chosen is not None:
            return chosen
        first = self.register(text_of_project, "the first prompt")
        self.set_alias(CHALLENGER, first.version)
        return first


def _described(found: Any) -> PromptVersion:
    message, aliases = found.commit_message or "", tuple(sorted(found.aliases))
    return PromptVersion(int(found.version), found.template, message, aliases, (found.creation_timestamp or 0) / 1000)
