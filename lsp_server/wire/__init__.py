"""Bytes and messages: transport, the protocol's promises, parameters, and who is at the other end."""
