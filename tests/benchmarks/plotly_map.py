"""A Streamlit page that shows the same tumors with Plotly's scattergl, to compare with the map.

Run by `tests.benchmarks.big_map`. It does what a careful author would: points in one trace for each
of nine colors, rows as the only custom data, no hover text.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from dashboard import resources
from dashboard.queries import Choice
from dashboard.resources import ColorBy
from dashboard.scene import make_panel
from dashboard.theme import LIGHT

TITLES = {"cancer_type": "Cancer type", "SEX": "Sex"}

st.set_page_config(layout="wide")
key = resources.published()
assert key is not None
data = resources.load_map(key, None)
assert data is not None
label = st.selectbox("Label", list(TITLES), format_func=TITLES.__getitem__, key="label")
by = ColorBy(kind="label", choice=Choice(key=label, title=TITLES[label]))
coloring = resources.load_coloring(key, data, data.layout_id, by)
figure = go.Figure()
for row, entry in enumerate(make_panel("a", coloring, LIGHT).entries):
    chosen = np.flatnonzero(coloring.codes == row).astype(np.int32)
    figure.add_trace(
        go.Scattergl(
            x=data.places.x[chosen],
            y=data.places.y[chosen],
            customdata=chosen,
            mode="markers",
            name=entry.name,
            marker={"color": entry.color, "size": 3},
            hoverinfo="skip",
        )
    )
figure.update_layout(uirevision="map", dragmode="lasso", height=675)
event = st.plotly_chart(figure, key="chart", on_select="rerun")
if event["selection"]["points"]:
    st.markdown(f"**{len(event['selection']['points']):,} tumors selected**")
