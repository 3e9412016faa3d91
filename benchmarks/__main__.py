"""``python -m benchmarks``: the quick benchmarks one after the other; each prints ratios."""

import runpy

QUICK = ("benchmarks.transport", "benchmarks.kernels", "benchmarks.stage")

if __name__ == "__main__":
    for module in QUICK:
        print(f"== {module}", flush=True)
        runpy.run_module(module, run_name="__main__")
