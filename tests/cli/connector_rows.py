#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""connector_rows.py DATABASE [--empty] -- makes a connector's SQLite database, unless it is to be empty with requests in every state,
answers, a transaction and a log."""
import ast, pathlib, re, sqlite3, subprocess, sys, time

# The tables, as the connector makes them: what is embedded in it.
TOP = pathlib.Path(__file__).resolve().parents[2]
embedded = subprocess.run([TOP / "store/embed", "/dev/stdout", "QUEUE", *sorted((TOP / "connector/sql/sqlite").glob("*.sql"))],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA journal_mode = WAL")
db.execute("CREATE TABLE schema_migrations (number bigint PRIMARY KEY, name text NOT NULL)")
for number, name, text in re.findall(r'\{ (\d+), "sqlite", "(\w+)",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}', embedded):
    db.executescript(ast.literal_eval(f"({text})"))
    db.execute("INSERT INTO schema_migrations VALUES (?, ?)", (number, name))
db.commit()
if "--empty" in sys.argv:
    sys.exit()
now = int(time.time() * 1000)


def row(table, id, status, age_s, reason=None, **more):
    more.update(decryption_id=id.to_bytes(32, "little"), extra_data=b"", status=status, created_at=now - age_s * 1000,
                updated_at=now, reason=reason)
    db.execute(f"INSERT INTO {table} ({', '.join(more)}) VALUES ({', '.join('?' * len(more))})", list(more.values()))


for id, status in (1, "completed"), (2, "completed"), (3, "pending"), (5, "under_process"), (1 << 248, "aborted"):
    row("public_decryption_requests", id, status, 600 if id == 3 else 30)
row("public_decryption_requests", 6, "failed", 40, "the node refuses it: \x1b[2Jno such key", error_counter=3)
row("user_decryption_requests", 7, "pending", 130, "the node http://127.0.0.1:50051 is away: \x1b[2Jno answer", user_address=b"u", public_key=b"k",
    not_before=now + 3600_000)
row("user_decryption_requests", 8, "pending", 10, "no bucket has it", user_address=b"u", public_key=b"k", error_counter=2)
row("public_decryption_responses", 1, "completed", 20, decrypted_result=b"1", signature=b"s")
row("public_decryption_responses", 2, "failed", 20, "it was reverted", decrypted_result=b"1", signature=b"s")
db.execute("UPDATE last_block_polled_by_chain SET block_number = 1234 WHERE chain_name = 'gateway'")
db.execute("INSERT INTO tx_outbox VALUES (?, 54321, ?, 7, ?, 'sent', ?, NULL, ?, ?)", (b"h" * 32, b"w" * 20, b"raw", b"", now - 5000, now))
db.execute("INSERT INTO logs_set_aside VALUES ('gateway', ?, 0, 9, ?, ?, x'', x'', 'no such event', ?)", (b"b" * 32, b"t" * 32, b"a" * 20, now))
db.commit()
