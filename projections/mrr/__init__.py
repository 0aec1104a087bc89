"""Monthly recurring revenue: what it is (amounts), and what changed (movements)."""

from projections.mrr.amounts import MrrView, mrr_of
from projections.mrr.movements import project_mrr

__all__ = ["MrrView", "mrr_of", "project_mrr"]
