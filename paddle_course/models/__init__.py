"""Batches -> scores: the networks of the course in plain paddle.nn, images (B, C, H, W) in, logits (B, classes) out.

model = models.build("resnet18", classes=100)
models.MODELS["resnet18"].input_shape       # (3, 32, 32)
models.MODELS["resnet18"].family.year       # 2015
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "registry": ["FAMILIES", "MODELS", "Entry", "Family", "build"],
        "activations": ["activation"],
        "lenet": ["LeNet"],
        "fundus": ["FundusLeNet"],
        "camp": ["CampNet"],
        "vgg": ["VGG"],
        "resnet": ["Residual", "ResNet"],
        "densenet": ["Dense", "DenseNet"],
        "mlp": ["MLP"],
        "chain": ["Chain"],
        "digitnet": ["DigitNet"],
        "fast": ["FastNet"],
        "halving": ["HalvingNet"],
        "transfer": ["transfer"],
    },
)
