"""Plain Celery on the same machine, for the ratio: the workloads as canvas, nothing kept but the chords' counters."""

import os
import time
from typing import Any

from celery import Celery, chain, group
from celery.canvas import Signature

URL = os.environ.get("MUSTER_BENCH_PLAIN", "redis://127.0.0.1:6379/9")
PATIENCE_S = 120.0
DEEPEST = 3  # layers that go as one canvas

app = Celery("plain", broker=URL, backend=URL)
app.conf.update(
    task_default_queue=os.environ.get("MUSTER_BENCH_PLAIN_QUEUE", "plain"),
    worker_prefetch_multiplier=1,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    result_expires=300,
)


@app.task(name="plain.noop")
def noop(seconds: float) -> None:
    """What a step of a workload does: as long as it says, nothing."""
    time.sleep(seconds)


def canvas(layers: list[list[float]]) -> Signature:
    """The layers as chain, group and chord. Fit for a few layers: each message carries all that comes after it."""
    tasks = [[noop.si(seconds) for seconds in layer] for layer in layers]
    return chain(*(layer[0] if len(layer) == 1 else group(layer) for layer in tasks))


def layers_of(steps: list[dict[str, Any]]) -> list[list[float]]:
    """How long the steps of each layer take; a step's layer is one more than that of its deepest need."""
    depth: dict[str, int] = {}
    layers: list[list[float]] = []
    for step in steps:
        depth[step["id"]] = 1 + max((depth[need] for need in step["needs"]), default=-1)
        if depth[step["id"]] == len(layers):
            layers.append([])
        layers[depth[step["id"]]].append(step["seconds"])
    return layers


def once(plan: dict[str, Any]) -> float:
    """Seconds from the first message to the last result, all runs of the plan at once.

    A chain, or a fan with its join, goes as one canvas. Deeper plans go a group per layer, which the sender waits for:
    as nested chords they take eight times as long."""
    layers = layers_of(plan["steps"])
    began = time.perf_counter()
    if len(layers) <= DEEPEST or max(map(len, layers)) == 1:
        _wait([canvas(layers).apply_async() for _ in range(plan["runs"])])
    else:
        for layer in layers:
            _wait([group(noop.si(seconds) for seconds in layer).apply_async() for _ in range(plan["runs"])])
    return time.perf_counter() - began


def _wait(results: list[Any]) -> None:
    for result in results:
        result.get(timeout=PATIENCE_S, interval=0.005)
