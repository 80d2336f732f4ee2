-- SPDX-License-Identifier: MIT
-- The tables as on PostgreSQL: times are milliseconds since 1970, words of an enum are text, lists are as store/row.c writes them.

-- Table and channel; table, its requests and their key.
--: let requests public_decryption_requests:public_decryption_request user_decryption_requests:user_decryption_request
--: let requests prep_keygen_requests:prep_keygen_request keygen_requests:keygen_request crsgen_requests:crsgen_request
--: let requests prss_init:prss_init key_reshare_same_set:key_reshare_same_set
--: let requests abort_keygen_requests:abort_keygen_request abort_crsgen_requests:abort_crsgen_request
--: let requests new_kms_context:new_kms_context new_kms_epoch:new_kms_epoch
--: let requests kms_context_destroyed:kms_context_destroyed kms_epoch_destroyed:kms_epoch_destroyed
--: let responses public_decryption_responses:public_decryption_response user_decryption_responses:user_decryption_response
--: let responses prep_keygen_responses:prep_keygen_response keygen_responses:keygen_response crsgen_responses:crsgen_response
--: let responses new_kms_context_responses:new_kms_context_response epoch_result_responses:epoch_result_response
--: let answers public_decryption_responses:public_decryption_requests:decryption_id
--: let answers user_decryption_responses:user_decryption_requests:decryption_id
--: let answers prep_keygen_responses:prep_keygen_requests:prep_keygen_id keygen_responses:keygen_requests:key_id
--: let answers crsgen_responses:crsgen_requests:crs_id
--: let answers new_kms_context_responses:new_kms_context:context_id epoch_result_responses:new_kms_epoch:epoch_id

-- What every request has: whether the node knows it, and where it stood on chain.
--: text place already_sent integer NOT NULL DEFAULT 0, tx_hash blob, chain_name text, block_number integer, block_hash blob,
--: text place log_index integer
-- What every queue has: its status, and the lease of whoever works on it.  (seq, the order of arrival, is never used twice.)
--: text queue status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'under_process', 'completed', 'failed', 'aborted')),
--: text queue created_at integer NOT NULL DEFAULT 0, updated_at integer NOT NULL DEFAULT 0, otlp_context blob,
--: text queue error_counter integer NOT NULL DEFAULT 0, owner text, lease_until integer, not_before integer, reason text

-- Requests.
CREATE TABLE public_decryption_requests (seq integer PRIMARY KEY AUTOINCREMENT, decryption_id blob NOT NULL UNIQUE,
	sns_ct_materials blob, ct_handles blob, extra_data blob NOT NULL, {place}, {queue}) STRICT;
CREATE TABLE user_decryption_requests (seq integer PRIMARY KEY AUTOINCREMENT, decryption_id blob NOT NULL UNIQUE,
	sns_ct_materials blob, ct_handles blob, user_address blob NOT NULL, public_key blob NOT NULL, extra_data blob NOT NULL,
	handle_owner_addresses blob, handle_contract_addresses blob, allowed_contracts blob,
	start_timestamp integer, duration_seconds integer, signature blob, {place}, {queue}) STRICT;
CREATE TABLE prep_keygen_requests (seq integer PRIMARY KEY AUTOINCREMENT, prep_keygen_id blob NOT NULL UNIQUE,
	params_type text NOT NULL CHECK (params_type IN ('Default', 'Test')), epoch_id blob, extra_data blob NOT NULL,
	{place}, {queue}) STRICT;
CREATE TABLE keygen_requests (seq integer PRIMARY KEY AUTOINCREMENT, key_id blob NOT NULL UNIQUE,
	prep_keygen_id blob NOT NULL, extra_data blob NOT NULL, {place}, {queue}) STRICT;
CREATE TABLE crsgen_requests (seq integer PRIMARY KEY AUTOINCREMENT, crs_id blob NOT NULL UNIQUE,
	max_bit_length blob NOT NULL, params_type text NOT NULL CHECK (params_type IN ('Default', 'Test')),
	extra_data blob NOT NULL, {place}, {queue}) STRICT;
CREATE TABLE prss_init (seq integer PRIMARY KEY AUTOINCREMENT, id blob NOT NULL UNIQUE, {place}, {queue}) STRICT;
CREATE TABLE key_reshare_same_set (seq integer PRIMARY KEY AUTOINCREMENT, key_reshare_id blob NOT NULL UNIQUE,
	key_id blob NOT NULL, prep_keygen_id blob NOT NULL, params_type text NOT NULL CHECK (params_type IN ('Default',
	'Test')), {place}, {queue}) STRICT;
CREATE TABLE abort_keygen_requests (seq integer PRIMARY KEY AUTOINCREMENT, prep_keygen_id blob NOT NULL UNIQUE,
	{place}, {queue}) STRICT;
CREATE TABLE abort_crsgen_requests (seq integer PRIMARY KEY AUTOINCREMENT, crs_id blob NOT NULL UNIQUE, {place},
	{queue}) STRICT;
CREATE TABLE new_kms_context (seq integer PRIMARY KEY AUTOINCREMENT, context_id blob NOT NULL UNIQUE,
	previous_context_id blob NOT NULL,
	kms_node_params blob NOT NULL, thresholds blob NOT NULL, software_version text NOT NULL, pcr_values blob NOT NULL,
	{place}, {queue}) STRICT;
CREATE TABLE new_kms_epoch (seq integer PRIMARY KEY AUTOINCREMENT, epoch_id blob NOT NULL UNIQUE, context_id blob NOT NULL,
	previous_context_id blob NOT NULL, previous_epoch_id blob NOT NULL, material_block_number blob NOT NULL, {place},
	{queue}) STRICT;
CREATE TABLE kms_context_destroyed (seq integer PRIMARY KEY AUTOINCREMENT, context_id blob NOT NULL UNIQUE, {place},
	{queue}) STRICT;
CREATE TABLE kms_epoch_destroyed (seq integer PRIMARY KEY AUTOINCREMENT, epoch_id blob NOT NULL UNIQUE, {place},
	{queue}) STRICT;

-- Responses.
CREATE TABLE public_decryption_responses (seq integer PRIMARY KEY AUTOINCREMENT, decryption_id blob NOT NULL UNIQUE,
	decrypted_result blob NOT NULL, signature blob NOT NULL, extra_data blob NOT NULL, {queue}) STRICT;
CREATE TABLE user_decryption_responses (seq integer PRIMARY KEY AUTOINCREMENT, decryption_id blob NOT NULL UNIQUE,
	user_decrypted_shares blob NOT NULL, signature blob NOT NULL, extra_data blob NOT NULL, {queue}) STRICT;
CREATE TABLE prep_keygen_responses (seq integer PRIMARY KEY AUTOINCREMENT, prep_keygen_id blob NOT NULL UNIQUE,
	signature blob NOT NULL, {queue}) STRICT;
CREATE TABLE keygen_responses (seq integer PRIMARY KEY AUTOINCREMENT, key_id blob NOT NULL UNIQUE,
	key_digests blob NOT NULL, signature blob NOT NULL, {queue}) STRICT;
CREATE TABLE crsgen_responses (seq integer PRIMARY KEY AUTOINCREMENT, crs_id blob NOT NULL UNIQUE,
	crs_digest blob NOT NULL, signature blob NOT NULL, {queue}) STRICT;
CREATE TABLE new_kms_context_responses (seq integer PRIMARY KEY AUTOINCREMENT, context_id blob NOT NULL UNIQUE,
	{queue}) STRICT;
CREATE TABLE epoch_result_responses (seq integer PRIMARY KEY AUTOINCREMENT, epoch_id blob NOT NULL UNIQUE,
	context_id blob NOT NULL, keys blob NOT NULL, crs_list blob NOT NULL, {queue}) STRICT;

-- Rows are found quickly while they wait and when they are old.
--: for t in $requests $responses
CREATE INDEX {t}_live ON {t} (seq) WHERE status IN ('pending', 'under_process');
CREATE INDEX {t}_ended ON {t} (updated_at) WHERE status IN ('completed', 'failed', 'aborted');
--: end

-- A response completes its request.
--: for t in $answers
CREATE TRIGGER trigger_from_{t}_completes AFTER INSERT ON {t} FOR EACH ROW BEGIN
	UPDATE {t1} SET status = 'completed', updated_at = NEW.updated_at, owner = NULL, lease_until = NULL, reason = NULL
		WHERE {t2} = NEW.{t2} AND status IN ('pending', 'under_process');
END;
--: end

-- How far the chains were read, by kind of event and by chain, and what the last blocks were called.
CREATE TABLE last_block_polled (event_type text PRIMARY KEY, block_number integer,
	updated_at integer NOT NULL DEFAULT 0) STRICT;
INSERT INTO last_block_polled (event_type) VALUES ('PublicDecryptionRequest'), ('UserDecryptionRequest'),
	('PrepKeygenRequest'),
	('KeygenRequest'), ('CrsgenRequest'), ('PrssInit'), ('KeyReshareSameSet');
CREATE TABLE last_block_polled_by_chain (chain_name text PRIMARY KEY, block_number integer,
	updated_at integer NOT NULL DEFAULT 0) STRICT;
INSERT INTO last_block_polled_by_chain (chain_name) VALUES ('gateway'), ('ethereum');
CREATE TABLE recent_blocks (chain_name text, block_number integer, block_hash blob NOT NULL, PRIMARY KEY (chain_name,
	block_number)) STRICT;

-- Logs that could not be decoded.
CREATE TABLE logs_set_aside (chain_name text, block_hash blob, log_index integer, block_number integer NOT NULL,
	tx_hash blob NOT NULL,
	address blob NOT NULL, topics blob NOT NULL, data blob NOT NULL, reason text NOT NULL,
	created_at integer NOT NULL, PRIMARY KEY (chain_name, block_hash, log_index)) STRICT;

-- Transactions of ours.
CREATE TABLE tx_outbox (tx_hash blob PRIMARY KEY, chain_id integer NOT NULL, wallet blob NOT NULL,
	nonce integer NOT NULL, raw blob NOT NULL,
	state text NOT NULL CHECK (state IN ('signed', 'sent', 'mined', 'dropped')), responses blob NOT NULL, reason text,
	created_at integer NOT NULL, updated_at integer NOT NULL) STRICT;
CREATE INDEX tx_outbox_live ON tx_outbox (chain_id, wallet, nonce) WHERE state IN ('signed', 'sent');
CREATE INDEX tx_outbox_ended ON tx_outbox (updated_at) WHERE state IN ('mined', 'dropped');

-- Roles that one process has at a time.
CREATE TABLE holders (name text PRIMARY KEY, owner text NOT NULL, lease_until integer NOT NULL) STRICT;
