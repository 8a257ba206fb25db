"""Arrays -> batches: a batch is a pure function of (seed, epoch, position).

    train = batches.Batches(data, size=128, seed=0, augment=(batches.flip, partial(batches.pad_crop, pad=4)))
    for images, labels in train.epoch(3):       # float32 (B, C, H, W), int64 (B,)
        ...

    doodles = batches.Batches(batches.Sketches(drawings, side=64), size=128)     # drawn when a batch is asked for

    table = batches.RowBatches(rows, size=10, seed=0)       # float32 (B, D) and (B, K), of a table of numbers

The same batch comes out whenever it is asked for, so a run that resumes at epoch 3, position 57 needs nothing but these
two numbers, and the plain loop and `paddle.io.DataLoader` with any number of workers agree to the last bit.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "pipeline": ["Batch", "Batches", "Ordered"],
        "rows": ["RowBatches", "Split", "cut", "raw_targets", "shuffle_and_cut", "spans"],
        "sketch": ["Sketches", "draw"],
        "dataset": ["EpochDataset", "loader"],
        "augment": [
            "alternating_flip",
            "channel_statistics",
            "cutout",
            "flip",
            "growing",
            "mixup",
            "pad_crop",
            "rotate",
            "scramble",
        ],
        "deform": ["deform"],
        "views": ["mirrored", "nine_views", "one_view", "six_views"],
    },
)
