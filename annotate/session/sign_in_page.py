"""What annotators and adjudicators without a session see where they may sign in: a button, and nothing else."""

import streamlit as st

from secondreader.annotate.session.process import DESK
from secondreader.db.access.oidc import SIGN_IN_COMPONENT_JS

show_links = st.components.v2.component("second_reader_sign_in", js=SIGN_IN_COMPONENT_JS)


def page() -> None:
    """The sign-in page. An account that is known here is taken on to its work at once. Raises DatabaseUnavailable."""
    step = DESK.determine_sign_in_step(st.user.to_dict(), st.context.cookies)
    st.title("Second Reader")
    st.text(step.sentence)  # not markdown: it may name the account, which is not ours
    if step.options:
        show_links(key="options", data=step.build_payload())
    else:
        st.button("Sign in", on_click=st.login)
