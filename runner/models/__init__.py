"""Model servers: the client, prices, and the scripted server for dry runs."""
