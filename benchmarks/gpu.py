"""One clip on a GPU: TinyConv called from PyTorch, and as one captured graph, which leaves the calls out.

    python benchmarks/gpu.py [--write]

Medians, in microseconds; with --write they are kept in book/results/93_gpu.json with the name of the GPU.
`kws profile tinyconv --device cuda` prints the same with its spread.
"""

import typer

from kwslib.cli.main import script
from kwslib.measure.latency import RUNS, cuda
from kwslib.networks.models import ModelConfig, build
from kwslib.record import recording
from kwslib.record.comparison import recorded_folder
from kwslib.record.recording import Run


def record(run: Run) -> None:
    called, graph = cuda(build(ModelConfig()))
    for name, latency in {"gpu_latency_us": graph, "gpu_called_us": called}.items():
        run.record(name, 1000 * latency.median, "us", n=RUNS)
        print(f"{latency.device}, {latency.runtime:24}{1000 * latency.median:8.1f} us")


def main(write: bool = typer.Option(False, "--write", help="Keep the values in book/results.")) -> None:
    run = recording.start("93_gpu", "report", results=recorded_folder())
    record(run)
    if write:
        run.finish()


if __name__ == "__main__":
    script(main)
