"""The table of networks holds all it was asked for, counted on the networks, in the order of their years."""

from __future__ import annotations

from paddle_course import answers, models

NAMES = ("fast", "camp", "lenet", "mlp", "lenet-sigmoid")


def test_every_network_has_a_row_with_what_was_counted() -> None:
    found = answers.catalogue(NAMES)
    (table,) = found.pieces
    rows = {row[0]: dict(zip(table.header, row, strict=True)) for row in table.rows}
    assert list(rows) == ["mlp", "lenet", "lenet-sigmoid", "fast", "camp"]
    assert rows["lenet"] == {
        "network": "lenet",
        "year": "1998",
        "depth": 5,
        "parameters": 61_706,
        "MACs": 416_520,
        "picture": "1 × 28 × 28",
        "idea": models.FAMILIES["LeNet"].idea[1],
    }
    assert rows["camp"]["year"] is None and rows["fast"]["parameters"] == 1_971_352  # without its frozen layer
    assert [(kind, names) for kind, _, names in found.families] == [
        ("MLP", ["mlp"]),
        ("LeNet", ["lenet", "lenet-sigmoid"]),
        ("FastNet", ["fast"]),
        ("CampNet", ["camp"]),
    ]
    assert (found.depth["fast"], found.macs["mlp"]) == (8, 397_000)
    for kind in ("MLP", "LeNet", "FastNet", "CampNet"):
        assert f"{kind}: {models.FAMILIES[kind].source}" in table.note
