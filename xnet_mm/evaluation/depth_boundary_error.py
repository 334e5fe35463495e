"""How far, in pixels, depth's edges lie from the true ones."""

import cv2
import numpy as np
import torch
from torch import Tensor

# Of the authors of iBims-1: Canny on depth from 0 to 1, by the size of the
# Sobel gradient (8 times the slope from pixel to pixel).
SIGMA = 2**0.5  # pixels
LOW, HIGH = 0.15, 0.3
FARTHEST = 10.0  # pixels; what lies farther off is not the same edge
SOBEL = 8.0  # largest gradient of depth from 0 to 1
NEAR_UNKNOWN = 5  # pixels that the smoothing (3 sigma) and Sobel reach


def depth_boundary_error(
    pred: Tensor, gt: Tensor
) -> tuple[float, float] | None:
    """Accuracy and completeness of depth's edges, in pixels; 0 is best.

    "Depth boundary error" of iBims-1 (Koch et al., ECCV Workshops 2018,
    section 3.2), with the constants of its authors' code. Accuracy: the mean
    distance of predicted edge pixels to the nearest true one, of those that
    are within 10 pixels of one. Completeness: the mean over predicted and
    true edge pixels of the distance to the nearest of the others, 10 at
    most, so that what is missed and what is made up counts. Other than
    `depth_boundary_scores`, it knows edges that are a little off or soft.

    iBims-1 brings its edges as files. Here they are found in the truth as in
    the prediction: both become 0 to 1 by their own least and largest depth,
    then Canny's edges (sigma 1.4 pixels).

    Args:
        pred: Metres, (H,W).
        gt: Metres, (H,W); 0 is none. Where pixels without truth are near,
            no edge counts, neither a true nor a predicted one.

    Returns:
        Both in pixels of the truth, or None where the truth has no edge. A
        prediction with no edge near a true one gets 10 and 10.
    """
    known = gt.cpu().numpy() > 0
    if not known.any():
        return None
    clear = _far_from_unknown(known)
    truth = depth_edges(_filled(gt, known)) & clear
    if not truth.any():
        return None
    ours = depth_edges(pred) & clear
    to_truth, to_ours = _distances(truth), _distances(ours)
    near = ours & (to_truth < FARTHEST)
    if not near.any():
        return FARTHEST, FARTHEST
    missed = np.minimum(to_ours[truth], FARTHEST).sum()
    made_up = np.minimum(to_truth[ours], FARTHEST).sum()
    return (
        float(to_truth[near].mean()),
        float((missed + made_up) / (ours.sum() + truth.sum())),
    )


def depth_edges(depth: Tensor) -> np.ndarray:
    """Canny's edges of a depth map (H,W) without holes, (H,W) of bool."""
    field = depth.cpu().double().numpy()
    low, high = field.min(), field.max()
    if low == high:
        return np.zeros(field.shape, bool)
    field = cv2.GaussianBlur((field - low) / (high - low), (0, 0), SIGMA)
    # OpenCV's Canny takes gradients as 16-bit integers. A border that is
    # repeated has no edge of its own.
    full = np.iinfo(np.int16).max
    dx, dy = (
        np.round(
            cv2.Sobel(field, cv2.CV_64F, *way, borderType=cv2.BORDER_REPLICATE)
            * (full / SOBEL)
        ).astype(np.int16)
        for way in ((1, 0), (0, 1))
    )
    thresholds = (LOW * full / SOBEL, HIGH * full / SOBEL)
    return cv2.Canny(dx, dy, *thresholds, L2gradient=True) > 0


def _filled(gt: Tensor, known: np.ndarray) -> Tensor:
    """The truth with the nearest known depth where there is none."""
    labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8),
        cv2.DIST_L2,
        cv2.DIST_MASK_5,
        labelType=cv2.DIST_LABEL_PIXEL,
    )[1]
    depth = gt.cpu().double().numpy()
    of_label = np.zeros(labels.max() + 1)
    of_label[labels[known]] = depth[known]
    return torch.from_numpy(of_label[labels])


def _far_from_unknown(known: np.ndarray) -> np.ndarray:
    size = 2 * NEAR_UNKNOWN + 1
    near = cv2.dilate((~known).astype(np.uint8), np.ones((size, size)))
    return near == 0


def _distances(edges: np.ndarray) -> np.ndarray:
    """Pixels to the nearest edge; more than enough where there is none."""
    if not edges.any():
        return np.full(edges.shape, 2 * FARTHEST)
    return cv2.distanceTransform(
        (~edges).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )
