"""The console's script: run by Streamlit for each researcher who passed the gate."""

import streamlit as st

from secondreader.db import sign_in
from secondreader.db.faults import DatabaseUnavailable
from secondreader.reports import console_pages, door, sign_in_page

st.set_page_config(page_title="Second Reader console", layout="wide")
try:
    visitor = door.person(st.context.cookies)
except DatabaseUnavailable as error:
    st.error(str(error))
    st.stop()
if visitor is None and sign_in.is_on():
    sign_in_page.page()
elif visitor is None:
    st.error("Your visit has ended. Open the researcher's invite link again.")
else:
    console_pages.run(door.engine(), visitor.name)
