#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""delegate_node.py CHAIN=KEY_FILE... -- writes node.toml and url for a node alone with a delegation KMS that has these keys, on free
ports, from gateway.json and wallet.key in this folder.  The node is to be started in it."""
import json, pathlib, random, socket, sys


def free_port():
    """One that no outgoing connection takes before the node does: the system hands out numbers above these by itself."""
    while True:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", random.randrange(15000, 32000)))
                return s.getsockname()[1]
            except OSError:
                continue


grpc, http = free_port(), free_port()
gateway = json.load(open("gateway.json"))["address"]
chains = "".join(f"""
[[delegation.chains]]
chain_id = {chain}
gateway = "{gateway}"
key_file = "{key}"
""" for chain, key in (word.split("=") for word in sys.argv[1:]))
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
{chains}""")
pathlib.Path("url").write_text(f"http://127.0.0.1:{http}\n")
