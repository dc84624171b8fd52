"""The stream plan of a network: endless if it is causal, otherwise windowed, with the results of the whole window."""

from dataclasses import replace

from kwslib.deployment.columns import single_column
from kwslib.deployment.core_network import Network
from kwslib.deployment.endless import columns_of, endless
from kwslib.deployment.streaming import Stream
from kwslib.deployment.windowed import windowed
from kwslib.features.frontend import HOP


def stream(network: Network, frames: int = HOP) -> Stream:
    """The plan for running a network every `frames` frames of a stream; `Stream.whole` gives the reason if
    nothing is kept."""
    columns = columns_of(network, frames)
    plan = windowed(network, frames) if columns is None else endless(network, columns, frames)
    return replace(plan, hop=tuple(map(single_column, plan.hop)))
