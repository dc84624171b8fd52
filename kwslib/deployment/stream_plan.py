"""How a network runs on a stream: endless where it is causal, else on windows that agree with the whole one."""

from dataclasses import replace

from kwslib.deployment.columns import single_column
from kwslib.deployment.core_network import Network
from kwslib.deployment.endless import columns_of, endless
from kwslib.deployment.streaming import HOP, Stream
from kwslib.deployment.windowed import windowed


def stream(network: Network, frames: int = HOP) -> Stream:
    """How a network runs every `frames` frames of a stream; `Stream.whole` says why, where nothing can stay."""
    columns = columns_of(network, frames)
    plan = windowed(network, frames) if columns is None else endless(network, columns, frames)
    return replace(plan, hop=tuple(map(single_column, plan.hop)))
