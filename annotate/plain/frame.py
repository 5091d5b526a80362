"""What all plain pages share: the desk's blue, and that each begins at its top."""

import streamlit as st

STYLE = """<style>
button[data-testid^="stBaseButton-primary"] p { color: light-dark(#fff, #10151d); }
button[data-testid^="stBaseButton-primary"]:is(:hover, :active) p { color: #fff; }
</style>"""
"""Streamlit writes white on whatever the theme's colour is."""
SCROLL_TO_TOP_JS = """
export default function ({ data }) {
  if (window.secondReaderPage === data.page) return; // an answer was given, and the page run again
  window.secondReaderPage = data.page;
  document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
}
"""
mount = st.components.v2.component("second_reader_top", js=SCROLL_TO_TOP_JS)


def begin_page(page_key: str) -> None:
    """Begin one plain page; the key tells it from the one before, whose scroll position Streamlit would keep.

    Where the browser does not run the component's few lines, the page is only not scrolled.
    """
    st.html(STYLE)  # Streamlit strips scripts from it, which is why scrolling needs a component
    mount(key="top", data={"page": page_key})
