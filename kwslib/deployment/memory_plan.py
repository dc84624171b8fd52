"""Memory plan of a network's tensors in one arena: tensors that are never live at the same time share their bytes."""

from collections.abc import Collection, Sequence

from kwslib.deployment.core_run import scratch_bytes
from kwslib.deployment.streaming import Call

Key = tuple[int, str]  # of a tensor by its number, or the scratch of a call by its


def plan_memory(
    calls: Sequence[Call], sizes: dict[int, int], outside: Collection[int], kept: Collection[int] = ()
) -> tuple[dict[Key, int], int]:
    """Offset of every intermediate tensor and scratch buffer in one arena, by (number, role), and the arena's size.

    Greedy by size (arXiv:2001.03288): the largest first, each at the lowest offset where it overlaps nothing that is
    live at the same time. The caller owns the tensors `outside`; `kept` ones stay live after the last call.
    """
    lives: dict[Key, tuple[int, int, int]] = {}  # size, first and last call
    for number, call in enumerate(calls):
        if scratch_bytes(call.layer):
            lives[number, "scratch"] = (scratch_bytes(call.layer), number, number)
        for tensor in {place.tensor for place in (*call.inputs, call.output)} - {*outside}:
            _, first, _ = lives.get((tensor, "tensor"), (0, number, 0))
            lives[tensor, "tensor"] = (sizes[tensor], first, number)
    for tensor in kept:
        lives[tensor, "tensor"] = (sizes[tensor], 0, len(calls))
    offsets: dict[Key, int] = {}
    for key, (size, first, last) in sorted(lives.items(), key=lambda item: -item[1][0]):
        beside = [k for k in offsets if lives[k][1] <= last and lives[k][2] >= first]
        offset = 0
        for other in sorted(beside, key=lambda k: offsets[k]):
            if offset + size <= offsets[other]:
                break
            offset = max(offset, -(-(offsets[other] + lives[other][0]) // 4) * 4)
        offsets[key] = offset
    return offsets, max((offsets[key] + lives[key][0] for key in offsets), default=0)
