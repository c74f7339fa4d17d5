"""What to do next: plays with a test attached, lists with customers left alone.

In: forecasts of customers, and what came of earlier ones. Out: what stands behind each
play, how it would be tested, and who is on its list. A play is a hypothesis until an
experiment was logged; nothing here says what it would save.
"""

from segpredict.actions.budget import curves
from segpredict.actions.campaign import (
    ARMS,
    Ask,
    counts,
    listed,
    record,
    with_reasons,
)
from segpredict.actions.eligible import asked, eligible, require_known, roles
from segpredict.actions.experiments import Experiments, places, status
from segpredict.actions.holdout import left_alone, strata, ticket
from segpredict.actions.options import MOST_ALONE, ActionOptions
from segpredict.actions.playbook import Play, Playbook, Trigger, load
from segpredict.actions.weighing import Shop, weigh

__all__ = [
    "ARMS",
    "MOST_ALONE",
    "ActionOptions",
    "Ask",
    "Experiments",
    "Play",
    "Playbook",
    "Shop",
    "Trigger",
    "asked",
    "counts",
    "curves",
    "eligible",
    "left_alone",
    "listed",
    "load",
    "places",
    "record",
    "require_known",
    "roles",
    "status",
    "strata",
    "ticket",
    "weigh",
    "with_reasons",
]
