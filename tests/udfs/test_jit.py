"""Compiled kernels are kept where one may write, and made again where one may not."""

import os
import subprocess
import sys

from udfs import code_digest, jit

PROGRAM = """
from udfs import jit
from udfs.reference.poisson import poisson_quantile
print(poisson_quantile(3.0, 0.5), jit._CACHE)
"""


def run(**environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env=os.environ | environment, capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip
    return done.stdout.split()


def test_bug_16_kernels_work_where_no_cache_can_be_written(tmp_path):
    """A cache folder that cannot be made: a file stands in its way (root may write anywhere)."""
    blocked = tmp_path / "file"
    blocked.touch()
    assert run(NUMBA_CACHE_DIR=str(blocked / "cache")) == ["3.0", "False"]


def test_cache_of_the_users_choice_is_used(tmp_path):
    assert run(NUMBA_CACHE_DIR=str(tmp_path)) == ["3.0", "True"]
    assert list(tmp_path.rglob("*.nbi"))


def test_read_only_install_falls_back_to_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.delenv(jit.CACHE_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    writable = jit._is_writable
    monkeypatch.setattr(jit, "_is_writable", lambda p: "__pycache__" not in str(p) and writable(p))
    loose, whole = jit.cache_folders()
    assert loose.is_relative_to(tmp_path)
    assert whole.parent == loose.parent
    assert whole != loose
    monkeypatch.setattr(jit, "_is_writable", lambda p: False)
    assert jit.cache_folders() is None


def test_a_touched_file_with_kernels_gets_another_folder(monkeypatch, tmp_path):
    """numba would compile it again, and not in the one order."""
    (tmp_path / "x.py").touch()
    monkeypatch.setattr(jit, "kernel_files", lambda: [tmp_path / "x.py"])
    before = jit._digest_of_machine()
    assert jit._digest_of_machine() == before
    os.utime(tmp_path / "x.py", ns=(1, 1))
    assert jit._digest_of_machine() != before


def test_the_cache_is_keyed_by_every_module_with_a_kernel_and_what_it_imports(
    monkeypatch, tmp_path
):
    """numba looks at the file of a kernel only, not at those of the kernels that it calls."""
    package = tmp_path / "pixels"
    package.mkdir()
    (package / "jitted.py").write_text("from udfs.jit import kernel\nfrom pixels import called\n")
    (package / "plain.py").write_text("x = 1")
    monkeypatch.setattr(code_digest, "ROOT", tmp_path)
    digests = []
    for name, text in (("called", "x = 1"), ("plain", "x = 2"), ("called", "x = 2")):
        (package / f"{name}.py").write_text(text)
        code_digest._tree.cache_clear()
        digests.append(code_digest.digest_of_kernels.__wrapped__())
    assert digests[0] == digests[1]  # what no kernel uses does not count
    assert digests[1] != digests[2]
