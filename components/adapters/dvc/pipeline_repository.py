"""Runs the training pipeline in a Git + DVC repository of its own, one commit and one tag for each run."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import yaml

from components.adapters.dvc.command import DvcError, Log, configure_dvc, quiet, run_dvc
from components.adapters.dvc.folder_md5 import dvc_folder_md5
from components.adapters.dvc.git_repository import GitError, GitRepository
from components.adapters.files.params_file import ParamsError, read_params
from components.adapters.machine.file_lock import LockTimeoutError, exclusive_lock
from components.config.settings import Settings
from components.params.params import Params

BUNDLE = "artifacts/bundle"
TAG_PREFIX = "run-"
LINES_SHOWN = 20
_STAGE = re.compile(r"^Running stage '(?P<stage>[^']+)'")


class PipelineError(Exception):
    """The pipeline did not end; the message names the stage, with its last lines, or what is wrong around it."""


@dataclass(frozen=True)
class PipelineRun:
    """A finished run: `stage_md5s[stage][path]` is DVC's md5 of an output, `bundle_md5` that of the bundle."""

    tag: str
    commit: str
    params: Params
    metrics: Mapping[str, float]
    stage_md5s: Mapping[str, Mapping[str, str]]
    bundle_md5: str
    dvc_lock: str


@dataclass(frozen=True)
class PipelineUnchanged:
    """Data version, code, parameters and stage graph are those of `last`, so nothing ran and nothing was committed."""

    last: PipelineRun


class PipelineRepository:
    """The repository in `settings.pipeline_folder`, made when first needed; runs of several processes take turns."""

    def __init__(self, settings: Settings, lock_wait_seconds: float = 3600.0) -> None:
        self.folder = settings.pipeline_folder
        self._settings = settings
        self._git = GitRepository(self.folder)
        self._lock_wait_seconds = lock_wait_seconds

    def run(self, params: Params, log: Log = quiet) -> PipelineRun | PipelineUnchanged:
        """Runs the project's dvc.yaml with `params` (data version and code digest included) and tags the result.

        What a killed run left uncommitted is dropped first. Each line of DVC and of the stages goes to `log`.

        Raises:
            PipelineError: a stage failed, or the repository could not be used; nothing was committed.
        """
        with self._held() as descriptor:
            last = self._newest_tag()
            self._git.forget_uncommitted(last or "HEAD")
            graph = (self._settings.project / "dvc.yaml").read_text()
            (self.folder / "dvc.yaml").write_text(graph)
            (self.folder / "params.yaml").write_text(yaml.safe_dump(params.model_dump(mode="json"), sort_keys=False))
            self._reproduce(log, descriptor)
            self._git.run("add", "--all")
            if last is not None and not self._git.run("status", "--porcelain"):
                return PipelineUnchanged(self._read(last))
            tag = f"{TAG_PREFIX}{1 + int((last or TAG_PREFIX + '0').removeprefix(TAG_PREFIX))}"
            subject = f"{tag}: data {params.data.version}, code {params.code.digest}"
            self._git.run("commit", "--quiet", "--allow-empty", "--message", subject)
            self._git.run("tag", tag)
            return self._read(tag)

    def last(self) -> PipelineRun | None:
        """The newest run, None before the first.

        Raises:
            PipelineError: it cannot be read, as that of another version of the code may not be.
        """
        with self._held():
            tag = self._newest_tag()
            if tag is None:
                return None
            self._git.forget_uncommitted(tag)
            return self._read(tag)

    def export(self, run: PipelineRun, path: str, to: Path) -> None:
        """Writes the folder `path` of `run` (such as "artifacts/bundle") to `to`, which must not exist.

        The working files are taken when they are still those of the run, else the cache's, by the run's tag.

        Raises:
            PipelineError: the run has no such output, or its bytes are not in the cache any more.
        """
        md5 = next((outputs[path] for outputs in run.stage_md5s.values() if path in outputs), None)
        if md5 is None:
            raise PipelineError(f"{run.tag} has no output {path}")
        to.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            shutil.copytree(self.folder / path, to)
            if dvc_folder_md5(to) == md5:
                return
        shutil.rmtree(to, ignore_errors=True)
        try:
            run_dvc(self.folder, "get", "--rev", run.tag, "--out", str(to), str(self.folder), path)
        except DvcError as error:
            raise PipelineError(f"{path} of {run.tag} cannot be read back from {self.folder}: {error}") from error

    @contextmanager
    def _held(self) -> Iterator[int]:
        lock = self._settings.root / "pipeline.lock"
        with _as_pipeline_error(), exclusive_lock(lock, self._lock_wait_seconds) as descriptor:
            if not self._git.exists:
                self._git.create()
            configure_dvc(self.folder, self._settings.dvc_cache_folder, self._settings.root / "dvc-state")
            if not self._git.run("log", "--all", "--oneline", "--max-count=1"):
                self._git.run("add", "--all")
                self._git.run("commit", "--quiet", "--message", "Create the pipeline repository")
            yield descriptor

    def _reproduce(self, log: Log, descriptor: int) -> None:
        try:
            run_dvc(self.folder, "repro", environ=stage_environment(self._settings), log=log, keep_open=(descriptor,))
        except DvcError as error:
            started = [match["stage"] for line in error.lines if (match := _STAGE.match(line))]
            where = f"stage {started[-1]!r} failed" if started else "dvc repro failed before its first stage"
            shown = "\n".join(line for line in error.lines[-LINES_SHOWN:] if line)
            raise PipelineError(f"{where}; its last lines:\n{shown}") from error

    def _newest_tag(self) -> str | None:
        tags = self._git.numbered_tags(TAG_PREFIX)
        return tags[-1] if tags else None

    def _read(self, tag: str) -> PipelineRun:
        """The run of `tag`, to which the work tree stands."""
        dvc_lock = (self.folder / "dvc.lock").read_text()
        md5s = stage_md5s(dvc_lock)
        bundles = [outputs[BUNDLE] for outputs in md5s.values() if BUNDLE in outputs]
        if len(bundles) != 1:
            raise PipelineError(f"exactly one stage of dvc.yaml must have the output {BUNDLE}, not {len(bundles)}")
        return PipelineRun(
            tag=tag,
            commit=self._git.run("rev-parse", f"{tag}^{{commit}}").strip(),
            params=read_params(self.folder / "params.yaml"),
            metrics=read_metrics(self.folder / "metrics"),
            stage_md5s=md5s,
            bundle_md5=bundles[0],
            dvc_lock=dvc_lock,
        )


def stage_environment(settings: Settings) -> dict[str, str]:
    """What a stage that runs outside the project needs in its environment: the code, and where the state lies.

    One thread for BLAS, as the service has: more of them wait for each other on a busy machine.
    """
    project = str(settings.project)
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {"PYTHONPATH": project, "RECOPS_PROJECT": project, "RECOPS_HOME": str(settings.root), **threads}


def stage_md5s(dvc_lock: str) -> dict[str, dict[str, str]]:
    """The md5 of each output of each stage, as the text of a dvc.lock states them."""
    stages = yaml.safe_load(dvc_lock)["stages"]
    return {name: {out["path"]: out["md5"] for out in stage.get("outs", [])} for name, stage in stages.items()}


def read_metrics(folder: Path) -> dict[str, float]:
    """The numbers in the flat JSON files of `folder`; those of evaluate.json keep their names.

    Numbers of another file get its name in front: `recall_at_100` of index.json is `index_recall_at_100`.
    """
    numbers: dict[str, float] = {}
    for path in sorted(folder.glob("*.json")):
        prefix = "" if path.stem == "evaluate" else f"{path.stem}_"
        for name, value in json.loads(path.read_text()).items():
            if isinstance(value, int | float):
                numbers[prefix + name] = float(value)
    return numbers


@contextmanager
def _as_pipeline_error() -> Iterator[None]:
    try:
        yield
    except (GitError, DvcError, LockTimeoutError, ParamsError, OSError) as error:
        raise PipelineError(str(error)) from error
