"""Models and readers -> how fast they are, against paddle.Model.fit, PyTorch and paddle.io, and where the time goes."""
