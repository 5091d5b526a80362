"""The console's script: run by Streamlit for each researcher whom the auth middleware let in."""

import streamlit as st

from secondreader.db.access.oidc import is_sign_in_enabled
from secondreader.db.core.errors import DatabaseUnavailable
from secondreader.reports.console import navigation, sign_in_page
from secondreader.reports.console.process import CONSOLE

st.set_page_config(page_title="Second Reader console", layout="wide")
try:
    visitor = CONSOLE.identify_visitor(st.context.cookies)
    if visitor is None and is_sign_in_enabled():
        sign_in_page.page()
        st.stop()
# a database that restarts is no reason for a traceback; the next run of the page asks again
except DatabaseUnavailable as error:
    st.error(str(error))
    st.stop()
if visitor is None:
    st.error("Your session has ended. Open the researcher's invite link again.")
else:
    navigation.run_navigation(CONSOLE.engine, visitor.name)
