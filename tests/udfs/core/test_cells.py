"""The lists of cells and leaves against plain versions of each step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.kernels_systems import PIXEL, parameter_row, random_system
from udfs.core import cells as core_cells
from udfs.core import leaves as core_leaves
from udfs.core.moments import make_moments
from udfs.core.system import pack, power_mode
from udfs.reference import sie

TURN = (PIXEL, np.cos(0.7), np.sin(0.7))  # side of a pixel, angle of the lens
SCORE = st.floats(-1, 1, width=32)


def filled_tree(n, seed=3):
    """A tree with n random cells; all lists as full of nonsense as a used one's."""
    rng = np.random.default_rng(seed)
    tree = core_cells.make_tree(64)
    for cells in (tree.cells, tree.parents):
        for name in ("x", "y", "change", "split"):
            getattr(cells, name)[:] = rng.normal(size=len(cells.x))
    tree.cells.owner[:n] = rng.permutation(1000)[:n]
    return tree


def filled_leaves(n, seed=4):
    """A list of n random leaves of pixels 0 to 9 that lie around the lens."""
    rng = np.random.default_rng(seed)
    leaves = core_leaves.make_leaves(n)
    leaves.x[:n], leaves.y[:n] = rng.uniform(-2, 2, (2, n))
    leaves.part[:n] = 0.5 ** rng.integers(0, 6, n)
    leaves.owner[:n] = rng.integers(0, 10, n)
    return leaves


@settings(deadline=None)  # the first call compiles
@given(st.lists(SCORE, max_size=200))
def test_numbers_of_positive_values(values):
    scores, numbers = np.array(values, np.float32), np.zeros(len(values) + 1, np.uint32)
    n = core_cells.numbers_of_positive(scores, 3, len(values), numbers)
    assert numbers[:n].tolist() == (3 + np.flatnonzero(scores > 0)).tolist()


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.floats(-1, 1, width=32), max_size=64), st.booleans())
def test_cells_go_to_the_parents_or_to_the_leaves_in_their_order(values, may_split):
    n, tree = len(values), filled_tree(64)
    tree.cells.split[:n] = values
    found, n_leaves = core_cells.divide(tree, n, np.float32(0.25), 7, may_split)
    parents = np.flatnonzero(np.array(values) > 0)[: len(tree.cells.x) // 4 if may_split else 0]
    leaves = np.setdiff1d(np.arange(n), parents)
    assert (found, n_leaves) == (len(parents), 7 + len(leaves))
    for name in ("x", "y", "owner"):
        values_of = getattr(tree.cells, name)
        assert getattr(tree.parents, name)[:found].tolist() == values_of[parents].tolist()
        assert getattr(tree.leaves, name)[7:n_leaves].tolist() == values_of[leaves].tolist()
    assert tree.parents.change[:found].tolist() == tree.cells.change[parents].tolist()


@pytest.mark.parametrize(("may_split", "n_parents"), [(True, 16), (False, 0)])
def test_every_cell_becomes_a_parent_or_a_leaf_even_when_there_is_no_room(may_split, n_parents):
    tree = filled_tree(64)
    tree.cells.split[:] = 1
    tree.cells.split[::5] = -1
    found, n_leaves = core_cells.divide(tree, 64, np.float32(0.25), 7, may_split)
    assert (found, n_leaves) == (n_parents, 7 + 64 - n_parents)
    owners = np.concatenate([tree.parents.owner[:found], tree.leaves.owner[7:n_leaves]])
    assert sorted(owners) == sorted(tree.cells.owner[:64])
    for listed, first, last in ((tree.parents, 0, found), (tree.leaves, 7, n_leaves)):
        for k in range(first, last):
            cell = int(np.flatnonzero(tree.cells.owner[:64] == listed.owner[k])[0])
            assert (listed.x[k], listed.y[k]) == (tree.cells.x[cell], tree.cells.y[cell])
    assert (tree.leaves.part[7:n_leaves] == 0.25).all()


def test_children_are_the_quarters_of_their_parent():
    tree, part = filled_tree(20), 0.5
    core_cells.make_children(tree.parents, 5, np.float32(part), TURN, tree.cells)
    side, cos, sin = TURN
    for k in range(5):
        children = np.arange(k, 20, 5)
        dx = (tree.cells.x[children] - tree.parents.x[k]).astype(float)
        dy = (tree.cells.y[children] - tree.parents.y[k]).astype(float)
        u, v = (dx * cos - dy * sin) / side, (dx * sin + dy * cos) / side  # in pixels again
        corners = {(round(8 * a), round(8 * b)) for a, b in zip(u, v, strict=True)}
        assert corners == {(-1, -1), (1, -1), (-1, 1), (1, 1)}
        assert np.allclose(np.abs([u, v]), part / 4, atol=2e-6)
        assert (tree.cells.change[children] == 0.5 * tree.parents.change[k]).all()
        assert (tree.cells.owner[children] == tree.parents.owner[k]).all()


def plain_light(system, x, y):
    """Light over that of the source's centre at points of the lens' frame, in double precision."""
    p = parameter_row(system | {"lens_phi_rad": 0.0})
    alpha_x, alpha_y = sie.deflection(x, y, p[0], p[1], 0.0)
    bx = (1 - p[3]) * x - p[4] * y - alpha_x - p[5]
    by = (1 + p[3]) * y - p[4] * x - alpha_y - p[6]
    u = (bx * np.cos(p[9]) + by * np.sin(p[9])) / p[7]
    v = (by * np.cos(p[9]) - bx * np.sin(p[9])) / p[7] / p[8]
    return np.exp(-p[11] * np.hypot(u, v) ** (1 / p[10]))


@pytest.mark.parametrize("src_n", [1.0, 1.7, 4.0])
@pytest.mark.parametrize("n", [1, 16, 700])  # a chunk and more
def test_leaves_hold_what_their_nodes_see(n, src_n):
    system = random_system(np.random.default_rng(8), src_n=src_n, src_reff_arcsec=0.5)
    row = parameter_row(system | {"lens_phi_rad": 0.0})
    leaves, (side, cos, sin) = filled_leaves(n), TURN
    core_leaves.sum_leaves(tuple(pack(row)), power_mode(src_n), leaves, n, TURN)
    node = 0.5 / np.sqrt(3)
    offsets = [(-node, -node), (node, -node), (-node, node), (node, node)]
    light = []
    for u, v in offsets:
        step = side * leaves.part[:n].astype(float)
        x = leaves.x[:n] + step * (u * cos + v * sin)
        y = leaves.y[:n] + step * (v * cos - u * sin)
        light.append(plain_light(system, x, y) / 4)
    # Single precision of a position of 2 arcsec, over R_e, is 1e-6; steep places make 50 times of it.
    assert np.allclose(leaves.light[:n], np.sum(light, axis=0), rtol=5e-5, atol=1e-7)
    for k, found in enumerate((leaves.light_u, leaves.light_v)):
        expected = np.sum(
            [offset[k] * seen for offset, seen in zip(offsets, light, strict=True)], axis=0
        )
        assert np.allclose(found[:n], expected, rtol=0, atol=5e-5 * leaves.light[:n] + 1e-7)


def test_places_of_leaves_in_their_pixels():
    leaves, (side, cos, sin) = filled_leaves(50), TURN
    centre_x, centre_y = np.random.default_rng(5).normal(size=(2, 10)).astype(np.float32)
    core_leaves.place_in_pixels(leaves, 50, centre_x, centre_y, TURN)
    x = centre_x[leaves.owner[:50]] + side * (leaves.u * cos + leaves.v * sin)[:50]
    y = centre_y[leaves.owner[:50]] + side * (leaves.v * cos - leaves.u * sin)[:50]
    assert np.allclose([x, y], [leaves.x[:50], leaves.y[:50]], atol=1e-6)


def test_pixels_get_the_moments_of_their_leaves():
    n, rng = 80, np.random.default_rng(6)
    leaves, moments = filled_leaves(n), make_moments(10)
    leaves.u[:n], leaves.v[:n] = rng.uniform(-0.5, 0.5, (2, n))
    mean, inner_u, inner_v = rng.uniform(0.1, 1, (3, n)).astype(np.float32)
    leaves.light[:n], leaves.light_u[:n], leaves.light_v[:n] = mean, inner_u, inner_v
    core_leaves.fill_moments(leaves, n)
    core_leaves.give_to_pixels(leaves, n, moments)
    u, v, part, owner = (getattr(leaves, name)[:n] for name in ("u", "v", "part", "owner"))
    light = part**2 * mean
    first_u, first_v = part**3 * inner_u, part**3 * inner_v
    own = part**2 / 12
    expected = {
        "mean": light,
        "x": u * light + first_u,
        "y": v * light + first_v,
        "xx": (u**2 + own) * light + 2 * u * first_u,
        "yy": (v**2 + own) * light + 2 * v * first_v,
        "xy": u * v * light + u * first_v + v * first_u,
    }
    for name, values in expected.items():
        total = np.bincount(owner, values.astype(float), minlength=10)
        assert np.allclose(getattr(moments, name), total, rtol=1e-5, atol=1e-6)


def test_nodes_integrate_cubics():
    nodes = core_leaves.NODES.astype(float)
    assert (nodes[:, 2] * nodes[:, 0] ** 2).sum() == pytest.approx(1 / 12, rel=1e-6)
    assert (nodes[:, 2] * nodes[:, 1] ** 3).sum() == pytest.approx(0, abs=1e-7)
    assert nodes[:, 2].sum() == pytest.approx(1, rel=1e-6)
