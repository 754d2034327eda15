"""Capture and repair attention maps while a Transformers model runs.

    with capture(model) as maps:                  # nothing is changed, every layer's map is kept
        model(**inputs)
    maps.layers[0]                                # [batch, heads, queries, keys]

    with hotfix(model, detector) as fix:          # flagged columns are redistributed
        logits = model(**inputs).logits
    fix.flagged[0]                                # [batch, heads, keys]

What is promised:

* A block holds for the calls inside it and nowhere else. Its state is per call: threads that share one cached model
  never meet each other's fix. A thread that opened neither `capture` nor `hotfix` gets exactly what the stock model
  gives, even while another thread holds one. Threads started *inside* a block don't inherit it; tasks and
  `asyncio.to_thread`, which copy the context, do, until the block is left. A block that a generator opened holds while
  that generator runs, and not for whoever runs while it is suspended (`turn.py`).
* Blocks may be left in any order: each takes out itself. A forward that has begun is finished as it was begun.
* Layers that are neither watched nor captured keep the model's own implementation (SDPA or eager). All others run the
  `eager_attention_forward` of the model's own file, so that with nothing flagged the logits are bit-identical to a
  stock eager model's.
* Leaving the block, also through an exception, leaves nothing behind: implementation, hooks, mode, RNG and weights
  are as before.
* Nested use: the innermost `hotfix` decides, alone; every `capture` keeps the maps the model really used.
* Whatever can't be intercepted is refused with a sentence and never silently left unpatched: every layer in question
  must fire exactly once in each forward of the model. Also refused: attention dropout in training mode,
  cross-attention, steps on a key-value cache, implementations other than SDPA and eager, compiled models.
"""

from __future__ import annotations

from ..detector.flagging import FLAG_NOTHING
from . import interface  # registers the functions that intercept
from .capture import Maps, capture
from .fix import Fix
from .hotfix import Subjectlike, hotfix
from .layers import attention_layers
from .session import Formula

__all__ = [
    "FLAG_NOTHING",
    "Fix",
    "Formula",
    "Maps",
    "Subjectlike",
    "attention_layers",
    "capture",
    "hotfix",
    "interface",
]
