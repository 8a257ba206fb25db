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
        "gradients": ["by_depth", "layer_gradients"],
        "homework": ["Lab", "homework"],
        "ladder": ["climb", "ladder"],
        "learning": ["batch_losses", "by_heart", "learning"],
        "networks": ["Network"],
        "noise": ["gradient_noise"],
        "operations": ["Convolution", "Tally", "counted", "recounted"],
        "page": ["write"],
        "photos": ["study"],
        "pieces": ["Answer", "Figure", "Question", "Result", "Table", "Trained", "number", "score"],
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
        "shift": ["covariate_shift"],
        "slopes": ["activation_slopes"],
        "source": ["code_lines", "timed"],
        "superclasses": ["superclasses"],
        "trainings": [
            "Recipe",
            "as_they_are",
            "augmented",
            "on",
            "portions",
            "predicted",
            "six_views",
            "train",
            "variants",
        ],
        "whole": ["whole"],
    },
)
