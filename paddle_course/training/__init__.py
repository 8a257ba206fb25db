"""Batches -> parameters and records: the loop, losses, metrics, schedules, optimizers, checkpoints, run directories."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        *("averaging", "baselines", "binary", "card", "losses", "metrics"),
        *("optimizers", "plateau", "recipes", "schedules", "scores"),
    ],
    submod_attrs={
        "checkpoint": ["export", "load_params", "load_persistables", "save_params"],
        "evaluation": ["batch_statistics", "evaluate", "features", "predict"],
        "health": ["Diverged"],
        "loop": ["fit"],
        "plan": ["Phase", "Result"],
        "records": ["Run"],
        "resume": ["keep_params_only"],
    },
)
