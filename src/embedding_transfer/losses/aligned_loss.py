"""What losses on coordinates have in common: the target is brought into its source's space, by a map if need be."""

from torch import Tensor

from embedding_transfer.errors import InputError, UsageError
from embedding_transfer.losses.relation_loss import RelationLoss
from embedding_transfer.losses.source_projection import SourceProjection


class AlignedLoss(RelationLoss):
    """Base of losses that compare the target with the source itself, and so fix the target's coordinates.

    Only such a target can search among its source's vectors. Where the two lengths differ, a linear map of the target
    is learned beside it; a batch of one has something to learn, too.

    Args:
        project: Whether to learn a map. ``None``: where the lengths differ.
        projection_bias: Whether the map has a constant part.
        target_dim: Length of the target's embeddings.
        source_dim: Length of the source's.

    Attributes:
        projection: A :class:`SourceProjection`, or ``None``.
    """

    learns_from_one = True

    def __init__(
        self, project: bool | None, projection_bias: bool, target_dim: int | None, source_dim: int | None
    ) -> None:
        super().__init__()
        self.projection: SourceProjection | None = None
        if target_dim is None or source_dim is None:
            if project:
                raise UsageError(f"{type(self).__name__} needs target_dim and source_dim to project")
        elif project or (project is None and target_dim != source_dim):
            self.projection = SourceProjection(target_dim, source_dim, projection_bias)

    def in_source_space(self, target: Tensor, source: Tensor) -> Tensor:
        """The target (n, d_t) in the coordinates of the source (n, d_s): (n, d_s).

        Raises:
            InputError: The lengths differ from each other, or from those that the projection was made for.
        """
        lengths = (target.shape[1], source.shape[1])
        if self.projection is not None:
            made_for = (self.projection.in_features, self.projection.out_features)
            if lengths != made_for:
                raise InputError(f"{type(self).__name__} was made for lengths {made_for}; got {lengths}")
            projected: Tensor = self.projection(target)
            return projected
        if lengths[0] != lengths[1]:
            raise InputError(
                f"{type(self).__name__} compares coordinates; got target {tuple(target.shape)}, source "
                f"{tuple(source.shape)}: give it target_dim={lengths[0]}, source_dim={lengths[1]}, so that it learns a "
                "projection"
            )
        return target
