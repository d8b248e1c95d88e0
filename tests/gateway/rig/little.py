"""The smallest gateway.toml, for what needs no village around it. Further tables go below it."""

LITTLE = """id = "gwliu1"
county_url = "https://127.0.0.1:8443"
county_ca = "ca.pem"
token_file = "token"
data_dir = "data"

[broker]
host = "127.0.0.1"
port = 8883
cert = "c"
key = "k"
ca = "ca.pem"
"""
