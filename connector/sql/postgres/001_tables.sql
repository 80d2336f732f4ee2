-- SPDX-License-Identifier: MIT
-- The tables of the reference implementation, with the columns that connector/item.h says are ours.

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

CREATE TYPE operation_status AS ENUM ('pending', 'under_process', 'completed', 'failed', 'aborted');
CREATE TYPE params_type AS ENUM ('Default', 'Test');
CREATE TYPE event_type AS ENUM ('PublicDecryptionRequest', 'UserDecryptionRequest', 'PrepKeygenRequest',
	'KeygenRequest', 'CrsgenRequest',
	'PrssInit', 'KeyReshareSameSet');

-- What every request has: whether the node knows it, and where it stood on chain.
--: text place already_sent boolean NOT NULL DEFAULT false, tx_hash bytea, chain_name text, block_number bigint, block_hash bytea,
--: text place log_index bigint
-- What every queue has: its order of arrival, its status, the lease of whoever works on it.
--: text queue seq bigint GENERATED ALWAYS AS IDENTITY, status operation_status NOT NULL DEFAULT 'pending',
--: text queue created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(), otlp_context bytea,
--: text queue error_counter integer NOT NULL DEFAULT 0, owner text, lease_until timestamptz, not_before timestamptz, reason text

-- Requests.
CREATE TABLE public_decryption_requests (decryption_id bytea PRIMARY KEY,
	sns_ct_materials bytea[], ct_handles bytea[], extra_data bytea NOT NULL, {place}, {queue});
CREATE TABLE user_decryption_requests (decryption_id bytea PRIMARY KEY,
	sns_ct_materials bytea[], ct_handles bytea[], user_address bytea NOT NULL, public_key bytea NOT NULL,
	extra_data bytea NOT NULL,
	handle_owner_addresses bytea[], handle_contract_addresses bytea[], allowed_contracts bytea[],
	start_timestamp bigint, duration_seconds bigint, signature bytea, {place}, {queue});
CREATE TABLE prep_keygen_requests (prep_keygen_id bytea PRIMARY KEY,
	params_type params_type NOT NULL, epoch_id bytea, extra_data bytea NOT NULL, {place}, {queue});
CREATE TABLE keygen_requests (key_id bytea PRIMARY KEY, prep_keygen_id bytea NOT NULL, extra_data bytea NOT NULL,
	{place}, {queue});
CREATE TABLE crsgen_requests (crs_id bytea PRIMARY KEY, max_bit_length bytea NOT NULL,
	params_type params_type NOT NULL, extra_data bytea NOT NULL, {place}, {queue});
CREATE TABLE prss_init (id bytea PRIMARY KEY, {place}, {queue});
CREATE TABLE key_reshare_same_set (key_reshare_id bytea PRIMARY KEY,
	key_id bytea NOT NULL, prep_keygen_id bytea NOT NULL, params_type params_type NOT NULL, {place}, {queue});
CREATE TABLE abort_keygen_requests (prep_keygen_id bytea PRIMARY KEY, {place}, {queue});
CREATE TABLE abort_crsgen_requests (crs_id bytea PRIMARY KEY, {place}, {queue});
CREATE TABLE new_kms_context (context_id bytea PRIMARY KEY, previous_context_id bytea NOT NULL,
	kms_node_params bytea NOT NULL, thresholds bytea NOT NULL, software_version text NOT NULL,
	pcr_values bytea NOT NULL, {place}, {queue});
CREATE TABLE new_kms_epoch (epoch_id bytea PRIMARY KEY, context_id bytea NOT NULL,
	previous_context_id bytea NOT NULL, previous_epoch_id bytea NOT NULL, material_block_number bytea NOT NULL, {place},
	{queue});
CREATE TABLE kms_context_destroyed (context_id bytea PRIMARY KEY, {place}, {queue});
CREATE TABLE kms_epoch_destroyed (epoch_id bytea PRIMARY KEY, {place}, {queue});

-- Responses.
CREATE TABLE public_decryption_responses (decryption_id bytea PRIMARY KEY,
	decrypted_result bytea NOT NULL, signature bytea NOT NULL, extra_data bytea NOT NULL, {queue});
CREATE TABLE user_decryption_responses (decryption_id bytea PRIMARY KEY,
	user_decrypted_shares bytea NOT NULL, signature bytea NOT NULL, extra_data bytea NOT NULL, {queue});
CREATE TABLE prep_keygen_responses (prep_keygen_id bytea PRIMARY KEY, signature bytea NOT NULL, {queue});
CREATE TABLE keygen_responses (key_id bytea PRIMARY KEY, key_digests bytea[] NOT NULL, signature bytea NOT NULL, {queue});
CREATE TABLE crsgen_responses (crs_id bytea PRIMARY KEY, crs_digest bytea NOT NULL, signature bytea NOT NULL, {queue});
CREATE TABLE new_kms_context_responses (context_id bytea PRIMARY KEY, {queue});
CREATE TABLE epoch_result_responses (epoch_id bytea PRIMARY KEY, context_id bytea NOT NULL, keys bytea NOT NULL,
	crs_list bytea NOT NULL, {queue});

CREATE FUNCTION set_updated_at() RETURNS trigger AS $$ BEGIN NEW.updated_at = now(); RETURN NEW; END; $$ LANGUAGE plpgsql;

-- Rows are found quickly while they wait and when they are old, and tables say when a row comes.
--: for t in $requests $responses
CREATE UNIQUE INDEX {t}_by_seq ON {t} (seq);
CREATE INDEX {t}_live ON {t} (seq) WHERE status IN ('pending', 'under_process');
CREATE INDEX {t}_ended ON {t} (updated_at) WHERE status IN ('completed', 'failed', 'aborted');
CREATE TRIGGER trigger_{t}_updated_at BEFORE UPDATE ON {t} FOR EACH ROW
	WHEN (NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) EXECUTE FUNCTION set_updated_at();
CREATE FUNCTION notify_{t1}() RETURNS trigger AS $$ BEGIN NOTIFY {t1}_available; RETURN NULL; END; $$ LANGUAGE plpgsql;
CREATE TRIGGER trigger_from_{t}_insertions AFTER INSERT ON {t} FOR EACH STATEMENT EXECUTE FUNCTION notify_{t1}();
--: end

-- A response completes its request.
--: for t in $answers
CREATE FUNCTION complete_by_{t}() RETURNS trigger AS $$ BEGIN
	UPDATE {t1} SET status = 'completed', updated_at = NEW.updated_at, owner = NULL, lease_until = NULL, reason = NULL
		WHERE {t2} = NEW.{t2} AND status IN ('pending', 'under_process');
	RETURN NULL;
END; $$ LANGUAGE plpgsql;
CREATE TRIGGER trigger_from_{t}_completes AFTER INSERT ON {t} FOR EACH ROW EXECUTE FUNCTION complete_by_{t}();
--: end

-- How far the chains were read, by kind of event and by chain, and what the last blocks were called.
CREATE TABLE last_block_polled (event_type event_type PRIMARY KEY, block_number bigint,
	updated_at timestamptz NOT NULL DEFAULT now());
INSERT INTO last_block_polled (event_type) SELECT unnest(enum_range(NULL::event_type));
CREATE TABLE last_block_polled_by_chain (chain_name text PRIMARY KEY, block_number bigint,
	updated_at timestamptz NOT NULL DEFAULT now());
INSERT INTO last_block_polled_by_chain (chain_name) VALUES ('gateway'), ('ethereum');
CREATE TABLE recent_blocks (chain_name text, block_number bigint, block_hash bytea NOT NULL, PRIMARY KEY (chain_name,
	block_number));

-- Logs that could not be decoded.
CREATE TABLE logs_set_aside (chain_name text, block_hash bytea, log_index bigint, block_number bigint NOT NULL,
	tx_hash bytea NOT NULL,
	address bytea NOT NULL, topics bytea[] NOT NULL, data bytea NOT NULL, reason text NOT NULL,
	created_at timestamptz NOT NULL, PRIMARY KEY (chain_name, block_hash, log_index));

-- Transactions of ours.
CREATE TABLE tx_outbox (tx_hash bytea PRIMARY KEY, chain_id bigint NOT NULL, wallet bytea NOT NULL,
	nonce bigint NOT NULL, raw bytea NOT NULL,
	state text NOT NULL CHECK (state IN ('signed', 'sent', 'mined', 'dropped')), responses bytea[] NOT NULL, reason text,
	created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
CREATE INDEX tx_outbox_live ON tx_outbox (chain_id, wallet, nonce) WHERE state IN ('signed', 'sent');
CREATE INDEX tx_outbox_ended ON tx_outbox (updated_at) WHERE state IN ('mined', 'dropped');

-- Roles that one process has at a time.
CREATE TABLE holders (name text PRIMARY KEY, owner text NOT NULL, lease_until timestamptz NOT NULL);
