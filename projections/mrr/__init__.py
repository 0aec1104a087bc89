"""Monthly recurring revenue: what it is (amounts), how it comes about (workings), what moved it."""

from projections.mrr.amounts import mrr_of, view_of, workings_of
from projections.mrr.movements import project_mrr

__all__ = ["mrr_of", "project_mrr", "view_of", "workings_of"]
