"""Records become answers: tables, figures, words computed from the numbers, and the pages that hold them.

A question's function returns an `Answer`; `write` makes report.html and answers.md of a run, `terminal` prints the
same, `record` enters the results into docs/results.json.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "analysis": ["LayerRow", "counts", "layer_table"],
        "comparison": ["by_epoch", "compare", "each_class", "layers", "measures", "sizes", "spread"],
        "console": ["terminal"],
        "figures": ["Chart", "bars", "confusion", "curves", "heatmap", "panels", "pictures"],
        "fits": ["elbow", "line", "needed", "power_law"],
        "homework": ["Lab", "homework"],
        "page": ["write"],
        "photos": ["Viewer", "captions", "label_of", "limits", "reasons", "shrink", "strange"],
        "pieces": ["Answer", "Figure", "Question", "Result", "Table", "Trained", "score"],
        "results": ["record"],
    },
)
