"""The dashboard as a web application: the pages, the data routes, and hardened headers.

`streamlit run` finds `app` in here; `dashboard/serving.py` calls it.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from dashboard import map_routes
from dashboard.access import require_rule
from dashboard.first_paint import FirstPaint
from dashboard.headers import HardenedHeaders
from dashboard.kept_assets import KeptAssets
from dashboard.sending import send_at_once

send_at_once()

app = st.App(
    Path(__file__).parent / "app.py",
    routes=require_rule(map_routes.routes()),
    middleware=[Middleware(HardenedHeaders), Middleware(KeptAssets), Middleware(FirstPaint)],
)
