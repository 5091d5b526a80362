"""What researchers without a visit see where they may sign in with an account: a button, and nothing else."""

import streamlit as st

from secondreader.db.access.oidc import SIGN_IN_COMPONENT_JS, determine_sign_in_step
from secondreader.db.core.errors import DatabaseUnavailable
from secondreader.reports.console import session as door

mount = st.components.v2.component("second_reader_sign_in", js=SIGN_IN_COMPONENT_JS)


def page() -> None:
    """The sign-in page. An account that is known here is taken on to its work at once."""
    try:
        step = determine_sign_in_step(
            door.get_engine(), door.get_app().roles, st.user.to_dict(), st.context.cookies
        )
    except DatabaseUnavailable as error:
        st.error(str(error))
        return
    st.title("Second Reader")
    st.text(step.sentence)  # not markdown: it may name the account, which is not ours
    if step.options:
        mount(key="ways", data=step.build_payload())
    else:
        st.button("Sign in", on_click=st.login)
