"""The desk in plain Streamlit widgets."""
