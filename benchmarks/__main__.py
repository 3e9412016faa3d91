"""The quick benchmarks one after the other, each of which prints ratios: `python -m benchmarks`."""

import argparse
import runpy

QUICK = ("benchmarks.transport", "benchmarks.kernels", "benchmarks.stage")

if __name__ == "__main__":
    each = f"Each has options of its own: `python -m {QUICK[0]} --help`, and so for {', '.join(QUICK[1:])}."
    argparse.ArgumentParser("python -m benchmarks", description=__doc__, epilog=each).parse_args()
    for module in QUICK:
        print(f"== {module}", flush=True)
        runpy.run_module(module, run_name="__main__")
