"""The desk's script: run by Streamlit for each visitor who passed the gate."""

import streamlit as st

from secondreader.annotate import (
    adjudication_native,
    adjudication_page,
    component,
    door,
    native,
    sign_in_page,
)
from secondreader.db import sign_in
from secondreader.db.faults import RELOAD, DatabaseUnavailable

IS_PLAIN = st.query_params.get("plain") == "1"
st.set_page_config(
    page_title="Second Reader", layout="wide", initial_sidebar_state="auto" if IS_PLAIN else "collapsed"
)
try:
    visitor = door.person(st.context.cookies)
except DatabaseUnavailable:
    st.error(RELOAD)
    st.stop()
if visitor is None and sign_in.is_on():
    sign_in_page.page()
elif visitor is None:
    st.error(component.GONE)
elif visitor.role == "adjudicator":
    show = adjudication_native.page if IS_PLAIN else adjudication_page.page
    show(door.engine(), visitor.annotator_id)
elif IS_PLAIN:
    native.page(door.engine(), visitor.annotator_id, visitor.study_id)
else:
    component.desk(visitor.annotator_id, visitor.study_id)
