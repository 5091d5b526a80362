"""The desk's script: run by Streamlit for each visitor whom the auth middleware let in."""

import streamlit as st

from secondreader.annotate.browser import adjudication as adjudication_page
from secondreader.annotate.browser import desk as component
from secondreader.annotate.plain import adjudication as adjudication_native
from secondreader.annotate.plain import desk as native
from secondreader.annotate.session import sign_in_page
from secondreader.annotate.session.process import DESK
from secondreader.db.access.oidc import is_sign_in_enabled
from secondreader.db.core.errors import RELOAD_MESSAGE, DatabaseUnavailable

is_plain = st.query_params.get("plain") == "1"
# the plain page has its questions in the sidebar: in view from the start where there is room beside the transcript
st.set_page_config(
    page_title="Second Reader", layout="wide", initial_sidebar_state="auto" if is_plain else "collapsed"
)
try:
    visitor = DESK.identify_visitor(st.context.cookies)
    if visitor is None and is_sign_in_enabled():
        sign_in_page.page()
        st.stop()
except DatabaseUnavailable:
    st.error(RELOAD_MESSAGE)
    st.stop()
if visitor is None:
    st.error(component.SESSION_ENDED)
elif visitor.role == "adjudicator":
    show_page = adjudication_native.page if is_plain else adjudication_page.page
    show_page(DESK.engine, visitor.annotator_id)
elif is_plain:
    native.page(DESK.engine, visitor.annotator_id, visitor.study_id)
else:
    component.page(visitor.annotator_id, visitor.study_id)
