import paddle

from paddle_course.models import MLP


def test_shapes_and_names():
    model = MLP(sizes=(784, 500, 300, 10))
    assert model(paddle.zeros([2, 1, 28, 28])).shape == [2, 10]
    assert {name: p.shape for name, p in model.named_parameters()} == {
        "body.fc1.weight": [784, 500],
        "body.fc1.bias": [500],
        "body.fc2.weight": [500, 300],
        "body.fc2.bias": [300],
        "body.fc3.weight": [300, 10],
        "body.fc3.bias": [10],
    }


def test_activations_stand_between_the_linear_layers_only():
    assert [name for name, _ in MLP(sizes=(5, 4, 3, 2)).body.named_children()] == ["fc1", "act1", "fc2", "act2", "fc3"]


def test_batch_norm_stands_before_each_activation():
    names = [name for name, _ in MLP(sizes=(5, 4, 3, 2), norm=True).body.named_children()]
    assert names == ["fc1", "norm1", "act1", "fc2", "norm2", "act2", "fc3"]


def test_weights_may_be_drawn_far_too_large_or_be_zero():
    paddle.seed(0)
    wide, usual = MLP(sizes=(300, 200, 1), std=1.0).body.fc1, MLP(sizes=(300, 200, 1)).body.fc1
    assert 0.97 < wide.weight.std().item() < 1.03 and not wide.bias.numpy().any()
    assert 0 < abs(usual.weight.numpy()).max() <= (6 / 500) ** 0.5
    assert not MLP(sizes=(300, 200, 1), std=0.0).body.fc1.weight.numpy().any()


def test_it_takes_plain_features_too():
    assert MLP(sizes=(13, 64, 1))(paddle.zeros([5, 13])).shape == [5, 1]


def test_learns(learns_by_heart):
    learns_by_heart(lambda: MLP(sizes=(64, 32, 4)), (1, 8, 8))


def test_gradients(gradients_are_slopes):
    gradients_are_slopes(lambda: MLP(sizes=(64, 32, 4)), 1, 8, 8)
    gradients_are_slopes(lambda: MLP(sizes=(64, 32, 4), activation="sigmoid"), 1, 8, 8)
