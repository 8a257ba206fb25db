"""Models -> how fast they train: against paddle.Model.fit and PyTorch, and where the time goes."""
