"""Records become answers: tables, figures, words computed from the numbers, and the pages that hold them.

A question's function returns an `Answer`; `write` makes report.html and answers.md of a run, `terminal` prints the
same, `record` enters the results into docs/results.json.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "ablation": ["Arm", "ablation"],
        "analysis": ["LayerRow", "counts", "depth", "layer_table"],
        "catalogue": ["catalogue"],
        "chains": ["compare_chains", "depth_sweep", "trial"],
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
            "unanswered",
        ],
        "console": ["show", "terminal"],
        "decay": ["compare_decays"],
        "figures": ["Chart", "bars", "confusion", "curves", "heatmap", "panels", "pictures"],
        "gradients": ["finished", "layer_gradients"],
        "grid": ["Cell", "Grid", "attempt", "grid"],
        "homework": ["Lab", "homework"],
        "mistakes": ["mistakes"],
        "networks": ["Network"],
        "operations": ["Convolution", "Tally", "counted", "recounted"],
        "outputs": ["layer_outputs"],
        "page": ["write"],
        "photos": ["study"],
        "pieces": ["Answer", "Figure", "Question", "Result", "Table", "Trained", "number", "score"],
        "plateau": ["plateau"],
        "portrait": ["portrait"],
        "rates": ["with_rates"],
        "readings": ["endings", "read_at"],
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
        "samples": ["learning_curves", "sample_curve"],
        "screening": ["against", "screen", "sign_test"],
        "shift": ["covariate_shift"],
        "source": ["code_lines", "timed"],
        "trainings": ["augmented", "six_views"],
        "yes_no": ["Judged", "by_batch", "cost_of_mistakes", "other_views", "teach"],
    },
)
