"""The cellar: a model's layers -> the same layers computed by the oneDNN library inside Paddle's own CPU wheel.

report = onednn.accelerate(model)     # in place: same parameters, same names, the same function, faster
print(report)                         # what was swapped, what stayed and why
onednn.restore(model)                 # Paddle's own kernels again
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"swap": ["Report", "accelerate", "precision", "restore"]}
)
