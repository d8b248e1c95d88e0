"""Devices and gateways: who they are, their keys and tokens, what is to be told to them."""
