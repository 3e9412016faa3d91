"""Compile all kernels: ``python -m udfs``."""

from udfs.compiled import compile_all

if __name__ == "__main__":
    print(compile_all() or "no folder for compiled kernels can be written")
