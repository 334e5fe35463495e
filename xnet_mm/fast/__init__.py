"""The boxes of the figure, faster: same weights, switched on from outside."""
