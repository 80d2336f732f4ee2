#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes node.toml and url for a node alone with a delegation KMS, on free ports, from the keys in this folder."""
import json, pathlib, socket

taken = [socket.socket() for _ in range(2)]
for s in taken:
    s.bind(("127.0.0.1", 0))
grpc, http = (s.getsockname()[1] for s in taken)
pathlib.Path("node.toml").write_text(f"""
[service]
listen_port = {grpc}
[public_vault.storage.file]
path = "public"
[private_vault.storage.file]
path = "private"
[telemetry]
metrics_bind_address = "127.0.0.1:{http}"
[delegation]
wallet_file = "wallet.key"
[[delegation.chains]]
chain_id = 31337
gateway = "{json.load(open("gateway.json"))["address"]}"
key_file = "kms.key"
""")
pathlib.Path("url").write_text(f"http://127.0.0.1:{http}\n")
