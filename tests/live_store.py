"""A store in which a release is live, with its Bento on disk, while no process runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.releases.release_store import SqlReleaseStore
from components.config.llm import LlmConfig
from components.config.routing import Exploration, RoutingConfig
from components.config.settings import Settings
from components.rollout.lease import Lease
from components.rollout.lease_commands import Acquire
from components.rollout.promotion_commands import AddRelease, Advance, MakeLive, TakeIdleSlot
from components.rollout.states import State
from jobs.wiring.workbench import Workbench
from tests.free_ports import free_ports
from tests.slot_process import make_release
from tests.worlds import make_bundle

PROMPT = (Path(__file__).parents[1] / "prompts" / "recops-rerank.md").read_text()


def go_live(tmp_path: Path, llm: LlmConfig | None = None, share: float = 0.0, **changes: Any) -> Settings:
    """Settings of a store in which release-1 is live, with its Bento on disk; nothing runs."""
    blue, green = free_ports(2)
    settings = Settings(home=tmp_path / "home", blue_port=blue, green_port=green, **changes)
    migrate(settings.store_url)
    release = make_release()
    store = SqlReleaseStore(open_engine(settings.store_url))
    lease = store.commit(Acquire("test", 60.0))
    assert isinstance(lease, Lease)
    store.commit(AddRelease(lease, release))
    store.commit(TakeIdleSlot(lease))
    for state in (State.READY, State.SMOKE_TESTED):
        store.commit(Advance(lease, state))
    store.commit(MakeLive(lease))
    folder = Workbench(settings).bento_folder(release.bento_tag) / "src"
    make_bundle(folder / BUNDLE)
    routing = RoutingConfig(cold_start_threshold=5, candidates=200, exploration=Exploration(share=share))
    variant = ServedVariant(routing=routing, llm=llm or LlmConfig(), prompt=PROMPT, prompt_version=3)
    ServedRelease(release_id=release.release_id, variants=(variant,)).write(folder)
    return settings
