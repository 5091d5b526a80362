"""What annotators and adjudicators without a visit see where they may sign in with an account: a button, and nothing else."""

import streamlit as st

from secondreader.annotate.session import door
from secondreader.db.access.oidc import GO_ON, next_step
from secondreader.db.core.unavailable import DatabaseUnavailable

mount = st.components.v2.component("second_reader_sign_in", js=GO_ON)


def page() -> None:
    """The sign-in page. An account that is known here is taken on to its work at once."""
    try:
        step = next_step(door.engine(), door.room().roles, st.user.to_dict(), st.context.cookies)
    except DatabaseUnavailable as error:
        st.error(str(error))
        return
    st.title("Second Reader")
    st.text(step.sentence)  # not markdown: it may name the account, which is not ours
    if step.ways:
        mount(key="ways", data=step.packet())
    else:
        st.button("Sign in", on_click=st.login)
