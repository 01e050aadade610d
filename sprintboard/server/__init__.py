"""The web server: what stands between the network and Django."""
