"""A generator and class numbers -> drawn pictures: coloured shapes, seven-segment digits, faces of pets, eyes."""

from __future__ import annotations

import cv2
import numpy as np


def _placed(count: int, side: int, rng: np.random.Generator, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (N, side, side) in which each picture's figure is upright, centred and fills -1..1."""
    down, across = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    x0, y0 = rng.uniform(-shift, shift, (2, count, 1, 1))
    size, turn = rng.uniform(0.6, 0.8, (count, 1, 1)), rng.normal(0, 0.15, (count, 1, 1))
    across, down = (across - x0) / size, (down - y0) / size
    return np.cos(turn) * across + np.sin(turn) * down, np.cos(turn) * down - np.sin(turn) * across


def coloured_shapes(shapes: np.ndarray, hues: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Disc, square, triangle, ring or cross (0..4) of a hue (0..1, a circle) on a dull ground: uint8 (N, 32, 32, 3)."""
    count = len(shapes)
    u, v = _placed(count, 32, rng, shift=0.25)
    ball, block, slim = np.hypot(u, v), np.maximum(abs(u), abs(v)), np.minimum(abs(u), abs(v))
    figures = [ball - 1, block - 0.85, np.maximum(2 * abs(u) - v, 1.6 * v) - 0.9, abs(ball - 0.75) - 0.25]
    figures.append(np.maximum(block - 1, slim - 0.3))
    distance = np.choose(shapes[:, None, None], figures)  # below zero inside
    inside = 1 / (1 + np.exp(np.clip(16 * distance, -50, 50)))[..., None]
    colour = 0.5 + 0.4 * np.cos(2 * np.pi * (hues[:, None] + np.array([0, 1 / 3, 2 / 3])))  # (N, 3)
    ground = rng.uniform(0.2, 0.8, (count, 1)) + rng.normal(0, 0.08, (count, 3))
    images = inside * colour[:, None, None] + (1 - inside) * ground[:, None, None]
    images *= rng.uniform(0.6, 1.1, (count, 1, 1, 1))  # light
    images += rng.normal(0, 0.08, images.shape)
    return np.rint(255 * images.clip(0, 1)).astype(np.uint8)


#   -0-      from (x, y) to (x, y), y downwards
#  5   1
#   -6-
#  4   2
#   -3-
CORNERS = np.array([(-0.5, -1), (0.5, -1), (0.5, 0), (0.5, 1), (-0.5, 1), (-0.5, 0)])
SEGMENTS = np.array([(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (5, 2)])
LIT = ("012345", "12", "01643", "01623", "5612", "05623", "056432", "012", "0123456", "012356")


def segment_digits(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The digits 0..9 as a pocket calculator writes them, by a shaky hand, light on dark: uint8 (N, 28, 28)."""
    count = len(digits)
    u, v = _placed(count, 28, rng, shift=0.15)
    points = np.stack([u + rng.normal(0, 0.15, (count, 1, 1)) * v, v], axis=-1)  # slanted
    distance = np.full(u.shape, np.inf)
    lit = np.array([[str(each) in figure for each in range(7)] for figure in LIT])[digits]  # (N, 7)
    for number, (a, b) in enumerate(CORNERS[SEGMENTS]):
        along = ((points - a) @ (b - a) / ((b - a) @ (b - a))).clip(0, 1)
        apart = np.linalg.norm(points - a - along[..., None] * (b - a), axis=-1)
        distance = np.minimum(distance, np.where(lit[:, number, None, None], apart, np.inf))
    width = rng.uniform(0.08, 0.2, (count, 1, 1))
    images = 1 / (1 + np.exp(np.clip(25 * (distance - width), -50, 50)))
    images = images * rng.uniform(0.7, 1, (count, 1, 1)) + rng.normal(0, 0.06, images.shape)
    return np.rint(255 * images.clip(0, 1)).astype(np.uint8)


def face(kind: str, height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """uint8 (height, width, 3): a "cat" has pointed ears, a "dog" hanging ones."""
    ground, fur = rng.integers(90, 200, 3), rng.integers(40, 160, 3)
    image = np.full((height, width, 3), ground, np.uint8)
    r = int(min(height, width) * rng.uniform(0.25, 0.33))
    x, y = int(width * rng.uniform(0.4, 0.6)), int(height * rng.uniform(0.52, 0.6))
    fur, dark = fur.tolist(), (fur // 2).tolist()
    for side in (-1, 1):
        if kind == "cat":
            ear = np.array([(x + side * r, y - r // 3), (x + side * r // 4, y - r), (x + side * r, y - 3 * r // 2)])
            cv2.fillPoly(image, [ear], dark)
        else:
            cv2.ellipse(image, (x + side * r, y), (r // 3, 4 * r // 5), -side * 15, 0, 360, dark, -1)
    cv2.circle(image, (x, y), r, fur, -1)
    for side in (-1, 1):
        cv2.circle(image, (x + side * 2 * r // 5, y - r // 4), r // 8, (20, 20, 20), -1)
    cv2.ellipse(image, (x, y + r // 3), (r // 5, r // 7), 0, 0, 360, (30, 30, 60), -1)
    return cv2.GaussianBlur(image, (0, 0), r / 40) + rng.integers(0, 20, image.shape, np.uint8)


def eye(kind: str, side: int, rng: np.random.Generator) -> np.ndarray:
    """The back of an eye, uint8 (side, side, 3): of "P" the ground has wasted away around the optic disc and in spots.

    "N" has a small pale disc where the vessels come in, "H" a crescent beside it.
    """
    image = np.zeros((side, side, 3), np.uint8)
    ground = (rng.uniform(150, 200), rng.uniform(70, 100), rng.uniform(25, 50))
    middle, r, right = side // 2, side * 0.47, rng.random() < 0.5
    x, y = int(middle + (r if right else -r) * rng.uniform(0.4, 0.55)), int(middle + r * rng.uniform(-0.1, 0.1))
    cv2.circle(image, (middle, middle), int(r), ground, -1)
    pale = tuple(min(240, 1.25 * each + 40) for each in ground)
    if kind == "P":
        cv2.ellipse(image, (x, y), (int(r * rng.uniform(0.3, 0.45)), int(r * 0.35)), 0, 0, 360, pale, -1)
        for across, down in rng.normal(0, 0.3 * r, (rng.integers(3, 8), 2)):
            cv2.circle(image, (int(middle + across), int(middle + down)), int(r * rng.uniform(0.05, 0.15)), pale, -1)
    elif kind == "H":
        cv2.ellipse(
            image, (x - (side // 40 if right else -side // 40), y), (side // 14, side // 11), 0, 0, 360, pale, -1
        )
    for turn in rng.uniform(0, 360, 10):
        bow = (int(r * rng.uniform(0.5, 1.1)), int(r * rng.uniform(0.15, 0.4)))
        away = (int(x + bow[0] * np.cos(np.radians(turn))), int(y + bow[0] * np.sin(np.radians(turn))))
        cv2.ellipse(image, away, bow, turn, 90, 180, (110, 30, 20), max(1, side // 90))
    cv2.circle(image, (x, y), side // 16, (235, 190, 120), -1)
    outside = np.hypot(*(np.indices((side, side)) - middle)) > r
    image = cv2.GaussianBlur(image, (0, 0), side / 150) + rng.integers(0, 12, image.shape, np.uint8)
    image[outside] = 0
    return image
