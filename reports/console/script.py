"""The console's script: run by Streamlit for each researcher who passed the gate."""

import streamlit as st

from secondreader.db.access import oidc as sign_in
from secondreader.db.core.errors import DatabaseUnavailable
from secondreader.reports.console import navigation as console_pages
from secondreader.reports.console import session as door
from secondreader.reports.console import sign_in_page

st.set_page_config(page_title="Second Reader console", layout="wide")
try:
    visitor = door.identify_visitor(st.context.cookies)
except DatabaseUnavailable as error:
    st.error(str(error))
    st.stop()
if visitor is None and sign_in.is_sign_in_enabled():
    sign_in_page.page()
elif visitor is None:
    st.error("Your visit has ended. Open the researcher's invite link again.")
else:
    console_pages.run_navigation(door.get_engine(), visitor.name)
