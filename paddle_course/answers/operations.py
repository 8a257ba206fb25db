"""A convolution's shapes -> how many multiplications and additions it takes: on paper, and counted one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paddle_course.runtime import UserError


@dataclass(frozen=True)
class Convolution:
    """A convolution of `batch` pictures with square kernels; UserError where the kernel does not fit into a picture.

    An output value is the sum of `products` products, and of a bias where there is one.
    """

    batch: int
    in_channels: int
    height: int
    width: int
    out_channels: int
    kernel: int
    stride: int = 1
    padding: int = 0

    def __post_init__(self) -> None:
        if self.kernel > min(self.height, self.width) + 2 * self.padding:
            raise UserError(
                f"a kernel of {self.kernel} x {self.kernel} does not fit into {self.height} x {self.width} with a "
                f"padding of {self.padding}: take a smaller --kernel or a larger --padding"
            )

    @property
    def rows(self) -> int:
        """The height of the output."""
        return (self.height + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def columns(self) -> int:
        """The width of the output."""
        return (self.width + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def products(self) -> int:
        """Multiplications for one output value."""
        return self.in_channels * self.kernel**2

    @property
    def outputs(self) -> int:
        """Output values of the whole batch."""
        return self.batch * self.out_channels * self.rows * self.columns

    @property
    def multiplications(self) -> int:
        return self.outputs * self.products

    def additions(self, bias: bool = True) -> int:
        """n products take n - 1 additions; the bias is one more."""
        return self.outputs * (self.products - 1 + bias)

    @property
    def on_padding(self) -> int:
        """The multiplications that are done with a zero of the padding."""
        inside = self._inside(self.height, self.rows) * self._inside(self.width, self.columns)
        return self.multiplications - self.batch * self.out_channels * self.in_channels * inside

    def __str__(self) -> str:
        given = f"[{self.batch}, {self.in_channels}, {self.height}, {self.width}]"
        kernels = f"{self.out_channels} of {self.kernel} × {self.kernel}"
        return f"{given}, {kernels}, stride {self.stride}, padding {self.padding}"

    def little(self) -> Convolution:
        """This convolution at so few places that it can be counted one by one: one picture, one kernel, and no more
        padding than it takes to have a place outside the picture."""
        sides = (min(side, self.kernel + 2 * self.stride) for side in (self.height, self.width))
        padding = min(self.padding, self.kernel)
        return Convolution(1, self.in_channels, *sides, 1, self.kernel, self.stride, padding)

    def steps(self) -> list[tuple[str, str, int]]:
        """What is counted, how, and the number: from one output value to the whole batch, as one does it on paper."""
        n, k, p, s = self.products, self.kernel, self.padding, self.stride
        return [
            ("multiplications for one output value", f"{self.in_channels} × {k} × {k}", n),
            ("additions that make them one sum", f"{n} − 1", n - 1),
            ("additions with the bias", f"{n} − 1 + 1", n),
            ("rows of the output", f"⌊({self.height} + 2 × {p} − {k}) / {s}⌋ + 1", self.rows),
            ("columns of the output", f"⌊({self.width} + 2 × {p} − {k}) / {s}⌋ + 1", self.columns),
            ("output values", f"{self.batch} × {self.out_channels} × {self.rows} × {self.columns}", self.outputs),
            ("multiplications", f"{self.outputs:,} × {n}", self.multiplications),
            ("additions, with bias", f"{self.outputs:,} × {n}", self.additions()),
            ("additions, without bias", f"{self.outputs:,} × {n - 1}", self.additions(bias=False)),
            ("multiplications by a zero of the padding", "part of the above", self.on_padding),
        ]

    def _inside(self, side: int, places: int) -> int:
        """Along one axis: the pairs of a kernel's place and one of its cells in which the cell lies in the picture."""
        found = 0
        for cell in range(self.kernel):  # is at cell - padding when the kernel is at its first place
            first, end = self.padding - cell, side + self.padding - cell
            found += max(0, min(places, -(-end // self.stride)) - max(0, -(-first // self.stride)))
        return found


@dataclass
class Tally:
    """What was done so far."""

    multiplications: int = 0
    additions: int = 0
    on_padding: int = 0


def counted(
    images: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, stride: int = 1, padding: int = 0
) -> tuple[np.ndarray, Tally]:
    """A convolution in loops that counts every operation where it is done.

    `images` (N, C, H, W), `weight` (O, C, k, k), `bias` (O,) -> (N, O, h, w) float64. Some 400,000 products a second.
    """
    form = Convolution(*images.shape, len(weight), weight.shape[2], stride, padding)
    result, tally = np.empty((form.batch, form.out_channels, form.rows, form.columns)), Tally()
    for place in np.ndindex(result.shape):
        picture, out, row, column = place
        total = None
        for channel, i, j in np.ndindex(weight.shape[1:]):
            y, x = row * stride + i - padding, column * stride + j - padding
            inside = 0 <= y < form.height and 0 <= x < form.width
            product = weight[out, channel, i, j] * (images[picture, channel, y, x] if inside else 0.0)
            tally.multiplications += 1
            tally.on_padding += not inside
            if total is None:  # the first product is there without an addition
                total = product
            else:
                total += product
                tally.additions += 1
        if bias is not None:
            total += bias[out]
            tally.additions += 1
        result[place] = total
    return result, tally


def recounted(form: Convolution, bias: bool = True) -> tuple[Tally, float]:
    """Compute this convolution of random numbers with `counted`: its tally, and how far its values are at most from
    Paddle's. ValueError where the tally is not what is expected on paper."""
    import paddle

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype("float32")

    rng = np.random.default_rng([form.kernel, bias])
    images = normal(form.batch, form.in_channels, form.height, form.width)
    weight = normal(form.out_channels, form.in_channels, form.kernel, form.kernel)
    arrays = (images, weight, normal(form.out_channels) if bias else None)
    values, tally = counted(*arrays, form.stride, form.padding)
    paper = Tally(form.multiplications, form.additions(bias), form.on_padding)
    if tally != paper:
        raise ValueError(f"{form}: counted {tally}, on paper {paper}")
    tensors = [None if each is None else paddle.to_tensor(each) for each in arrays]
    theirs = paddle.nn.functional.conv2d(*tensors, stride=form.stride, padding=form.padding).numpy()
    return tally, float(np.abs(values - theirs).max())
