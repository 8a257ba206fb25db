"""Records become answers: tables, figures, words computed from the numbers, and the pages that hold them.

A question's function returns an `Answer`; `write` makes report.html and answers.md of a run, `terminal` prints the
same, `record` enters the results into docs/results.json.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "analysis": ["LayerRow", "counts", "layer_table"],
        "comparison": [
            "by_epoch",
            "by_minute",
            "by_step",
            "class_scores",
            "compare",
            "each_class",
            "layers",
            "mean_by_epoch",
            "mean_sd",
            "measures",
            "spread",
        ],
        "console": ["show", "terminal"],
        "figures": ["Chart", "bars", "confusion", "curves", "heatmap", "panels", "pictures"],
        "gradients": ["layer_gradients"],
        "homework": ["Lab", "homework"],
        "networks": ["Network"],
        "operations": ["Convolution", "Tally", "counted", "recounted"],
        "page": ["write"],
        "photos": ["study"],
        "pieces": ["Answer", "Figure", "Question", "Result", "Table", "Trained", "number", "score"],
        "rates": ["with_rates"],
        "readings": ["Readings", "endings", "read_at"],
        "regression": [
            "OneRow",
            "compare_errors",
            "error_curves",
            "errors",
            "one_row",
            "regression",
            "said",
            "squared_error",
        ],
        "results": ["origin", "record"],
        "samples": ["sample_curve"],
        "screening": ["against", "screen", "sign_test"],
        "shift": ["covariate_shift"],
        "signal": ["Signal", "signal"],
        "source": ["code_lines", "timed"],
        "trainings": ["augmented", "six_views"],
    },
)
