"""What a dashboard imports before it can answer: imported once, for all dashboards that tests start from it.

Nothing of `pages`: its modules are to be imported by the app, as they register what they show.
"""

from __future__ import annotations

import captum.attr
import matplotlib.pyplot
import pandas
import plotly.graph_objects
import sklearn.metrics
import streamlit.web.bootstrap
import streamlit.web.cli
import transformers.models.bert.modeling_bert
import transformers.models.vit.modeling_vit

import atpatch_core
import atpatch_core.debugging.image_set
import atpatch_core.evaluation.comparison
import atpatch_core.labels
import atpatch_core.training

__all__ = [
    "atpatch_core",
    "captum",
    "matplotlib",
    "pandas",
    "plotly",
    "sklearn",
    "streamlit",
    "transformers",
]
