"""Distances in a generated room, by formulas without a ray in them."""

import math


def distance_to_solid(solid, point):
    """Signed distance, metres; negative inside."""
    x, y, z = (float(p - c) for p, c in zip(point, solid.centre, strict=True))
    turned = complex(x, y) * complex(math.cos(solid.yaw), -math.sin(solid.yaw))
    a, b, c = (float(h) for h in solid.half)
    if solid.shape == 'ball':
        return math.sqrt(x * x + y * y + z * z) - a
    if solid.shape == 'cylinder':
        gaps = [math.hypot(x, y) - a, abs(z) - c]
    else:
        gaps = [abs(turned.real) - a, abs(turned.imag) - b, abs(z) - c]
    outside = math.sqrt(sum(max(g, 0) ** 2 for g in gaps))
    return outside + min(max(gaps), 0)


def march(scene, direction):
    """Walk along a unit direction by the free distance: (way, class)."""
    way = 0.0
    for _ in range(20000):
        point = scene.camera + way * direction
        found = [
            (point[2], 0),
            (scene.room[2] - point[2], 2),
            *((point[i], 1) for i in (0, 1)),
            *((scene.room[i] - point[i], 1) for i in (0, 1)),
            *((distance_to_solid(s, point), s.label) for s in scene.solids),
        ]
        free, label = min(found)
        if free < 1e-6:
            return way, label
        way += free
    raise AssertionError('did not arrive')
