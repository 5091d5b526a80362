"""The desk without a screen: messages in, payloads out."""
