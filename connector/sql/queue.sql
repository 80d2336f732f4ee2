-- SPDX-License-Identifier: MIT
-- The statements of connector/queue.h.  Those with a {table} are there once for each kind (connector/statements.c):
--   {key}       the column of the id             {place}      the columns of where a request stands, behind a comma
--   {own}       the kind's columns, likewise      {own:10}     their values, from $10 on
--   {requests}  the table that a response answers

-- ---- coming in

--# add
INSERT INTO {table} ({key}, created_at, updated_at, otlp_context, already_sent, tx_hash, chain_name, block_number,
	block_hash, log_index{own})
VALUES ($1, $2, $3, $4, false, $5, $6, $7, $8, $9{own:10}) ON CONFLICT DO NOTHING

-- Of a request that is alive; of one that is done, erased or failed nobody wants an answer.
--# answer
INSERT INTO {table} ({key}, otlp_context, created_at, updated_at{own})
SELECT {key}, otlp_context, $2, $3{own:4} FROM {requests} WHERE seq = $1 AND status IN ('pending', 'under_process')
ON CONFLICT DO NOTHING

-- ---- a lease.  What is put off or leased beyond $5 was so before a clock was put back: nothing waits that long

--# pick sqlite
UPDATE {table} SET error_counter = error_counter + (status = 'under_process'), status = 'under_process', owner = $1,
	lease_until = $2,
	updated_at = $3
WHERE seq IN (SELECT seq FROM {table} WHERE status IN ('pending', 'under_process') AND
	CASE status WHEN 'pending' THEN coalesce(not_before, 0) <= $3 OR not_before > $5 ELSE coalesce(lease_until, 0) < $3 OR lease_until > $5 END
	ORDER BY seq LIMIT $4)
RETURNING seq, {key}, error_counter, otlp_context, created_at{place}{own}

--# pick postgres
WITH due AS MATERIALIZED (SELECT seq AS due FROM {table} WHERE status IN ('pending', 'under_process') AND
	CASE status WHEN 'pending' THEN not_before IS NULL OR not_before <= $3 OR not_before > $5
	ELSE lease_until IS NULL OR lease_until < $3 OR lease_until > $5 END
	ORDER BY seq LIMIT $4 FOR UPDATE SKIP LOCKED)
UPDATE {table} SET error_counter = error_counter + (status = 'under_process')::integer, status = 'under_process',
	owner = $1, lease_until = $2,
	updated_at = $3
FROM due WHERE seq = due
RETURNING seq, {key}, error_counter, otlp_context, created_at{place}{own}

--# renew
UPDATE {table} SET lease_until = $4, updated_at = $3 WHERE seq = $1 AND owner = $2 AND status = 'under_process'

--# release
UPDATE {table} SET status = 'pending', owner = NULL, lease_until = NULL, updated_at = $3
WHERE seq = $1 AND owner = $2 AND status = 'under_process'

--# mark_sent
UPDATE {table} SET already_sent = true, updated_at = $3 WHERE seq = $1 AND owner = $2 AND status = 'under_process'

--# retry
UPDATE {table} SET status = 'pending', owner = NULL, lease_until = NULL, updated_at = $3, not_before = $4, reason = $5,
	error_counter = error_counter + $6{sent:7}
WHERE seq = $1 AND owner = $2 AND status = 'under_process'

--# give_up
UPDATE {table} SET status = $4, owner = NULL, lease_until = NULL, updated_at = $3, reason = $5
WHERE seq = $1 AND owner = $2 AND status = 'under_process'

-- ---- whoever holds it

--# done
UPDATE {table} SET status = 'completed', owner = NULL, lease_until = NULL, updated_at = $2, reason = NULL
WHERE seq = $1 AND status IN ('pending', 'under_process')

--# kill
UPDATE {table} SET status = 'failed', owner = NULL, lease_until = NULL, updated_at = $2, reason = $3
WHERE seq = $1 AND status IN ('pending', 'under_process')

--# revive
UPDATE {table} SET status = 'pending', updated_at = $2, not_before = NULL, error_counter = 0{unsent}
WHERE seq = $1 AND status IN ('failed', 'aborted')

-- ---- looking

--# count
SELECT status, count(*) FROM {table} GROUP BY status

--# ages
SELECT (SELECT created_at FROM {table} WHERE status IN ('pending',
	'under_process') AND status = 'pending' ORDER BY seq LIMIT 1),
	(SELECT created_at FROM {table} WHERE status IN ('pending',
	'under_process') AND status = 'under_process' ORDER BY seq LIMIT 1),
	(SELECT reason FROM {table} WHERE status IN ('completed', 'failed',
	'aborted') AND status = 'failed' ORDER BY updated_at DESC LIMIT 1),
	(SELECT {key} FROM {table} WHERE status IN ('completed', 'failed',
	'aborted') AND status = 'failed' ORDER BY updated_at DESC LIMIT 1)

-- What is not done and met an error before: by the errors, the most frequent first; of each the oldest.
--# troubles
WITH met AS (SELECT reason AS what, count(*) AS n, max(error_counter) AS errors, min(seq) AS first,
	min(CASE status WHEN 'pending' THEN coalesce(not_before, created_at) END) AS next
	FROM {table} WHERE status IN ('pending', 'under_process') AND reason IS NOT NULL
	GROUP BY reason ORDER BY count(*) DESC, min(seq) LIMIT $1)
SELECT what, n, errors, next, {key}, created_at FROM met JOIN {table} ON seq = first ORDER BY n DESC, first

--# find
SELECT seq, status, error_counter, created_at, reason FROM {table} WHERE {key} = $1

-- In the order in which the chain asked; the last first.
--# reshares_left
SELECT key_reshare_id FROM key_reshare_same_set WHERE key_id = $1 AND seq < $2 AND status <> 'completed' ORDER BY seq DESC LIMIT $3

-- ---- going

--# collect
DELETE FROM {table} WHERE seq IN (SELECT seq FROM {table} WHERE status IN ('completed', 'failed',
	'aborted') AND updated_at < $1 LIMIT 1000)

--# expire
UPDATE {table} SET status = 'failed', owner = NULL, lease_until = NULL, updated_at = $2, reason = $3
WHERE status IN ('pending', 'under_process') AND created_at < $1

--# erase
DELETE FROM {table} WHERE chain_name = $1 AND block_number >= $2 AND status <> 'completed'

-- ---- the whole

--# bind
INSERT INTO deployment (chain_name, name, value) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

--# bound
SELECT value FROM deployment WHERE chain_name = $1 AND name = $2

-- Something but 0: nothing can be written.
--# reached postgres
SELECT CASE WHEN current_setting('transaction_read_only')::boolean THEN 1::bigint ELSE 0::bigint END

--# reached sqlite
SELECT 0 FROM last_block_polled_by_chain LIMIT 1

-- ---- chains

--# cursor
UPDATE last_block_polled_by_chain SET block_number = $2,
	updated_at = $3 WHERE chain_name = $1 AND (block_number IS NULL OR block_number < $2)

--# cursor_of_kind
UPDATE last_block_polled SET block_number = $2,
	updated_at = $3 WHERE event_type = $1 AND (block_number IS NULL OR block_number < $2)

--# cursor_back
UPDATE last_block_polled_by_chain SET block_number = $2, updated_at = $3 WHERE chain_name = $1 AND block_number > $2

--# cursor_of_kind_back
UPDATE last_block_polled SET block_number = $2, updated_at = $3 WHERE event_type = $1 AND block_number > $2

--# cursor_read
SELECT block_number FROM last_block_polled_by_chain WHERE chain_name = $1

--# block
INSERT INTO recent_blocks (chain_name, block_number, block_hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING

--# blocks_forget_old
DELETE FROM recent_blocks WHERE chain_name = $1 AND block_number <=
	(SELECT block_number FROM recent_blocks WHERE chain_name = $1 ORDER BY block_number DESC LIMIT 1 OFFSET $2)

--# blocks_forget_above
DELETE FROM recent_blocks WHERE chain_name = $1 AND block_number >= $2

--# blocks_read
SELECT block_number, block_hash FROM recent_blocks WHERE chain_name = $1 ORDER BY block_number DESC LIMIT $2

--# set_aside
INSERT INTO logs_set_aside (chain_name, block_number, block_hash, tx_hash, log_index, address, topics, data, reason,
	created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING

--# set_aside_erase
DELETE FROM logs_set_aside WHERE chain_name = $1 AND block_number >= $2

--# set_aside_count
SELECT count(*) FROM logs_set_aside

-- ---- transactions

--# tx
INSERT INTO tx_outbox (tx_hash, chain_id, wallet, nonce, raw, state, responses, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
ON CONFLICT (tx_hash) DO UPDATE SET state = excluded.state, reason = NULL, updated_at = excluded.updated_at WHERE tx_outbox.state = 'dropped'

--# tx_state
UPDATE tx_outbox SET state = $2, reason = $3, updated_at = $4 WHERE tx_hash = $1 AND state <> $2

--# outbox
SELECT tx_hash, nonce, raw, state, responses, created_at FROM tx_outbox
WHERE chain_id = $1 AND wallet = $2 AND state IN ('signed', 'sent') ORDER BY nonce, created_at

--# tx_count
SELECT state, count(*), min(created_at) FROM tx_outbox WHERE state IN ('signed', 'sent') GROUP BY state

--# tx_collect
DELETE FROM tx_outbox WHERE state IN ('mined', 'dropped') AND updated_at < $1

-- ---- roles

--# hold
INSERT INTO holders (name, owner, lease_until) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, lease_until = excluded.lease_until
WHERE holders.owner = excluded.owner OR holders.lease_until < $4 OR holders.lease_until > $5

--# let_go
DELETE FROM holders WHERE name = $1 AND owner = $2

-- Breaks the NOT NULL, and with it the whole commit, unless the name is ours.  Whoever takes it waits for the row until we committed;
-- where they were faster, ours is read anew.  SQLite has one writer at a time anyhow.
--# still_held postgres
WITH ours AS MATERIALIZED (SELECT name FROM holders WHERE name = $1 AND owner = $2 FOR SHARE)
INSERT INTO holders (name, owner, lease_until) SELECT $1, $2, NULL WHERE NOT EXISTS (SELECT name FROM ours)

--# still_held sqlite
INSERT INTO holders (name, owner, lease_until) SELECT $1, $2, NULL
WHERE NOT EXISTS (SELECT name FROM holders WHERE name = $1 AND owner = $2)

--# notify
SELECT pg_notify($1, '')
