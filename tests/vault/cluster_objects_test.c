/* SPDX-License-Identifier: MIT */
/* What a party of a cluster stores: contexts, epochs, and its parts of keys. */
#include "tests/test.h"
#include "vault/context_info.h"
#include "vault/epoch_data.h"

static const eth_address FURTHER[] = { {{ 7 }}, {{ 8 }} };
static const uint8_t ADDRESS[20] = { 1, 2, 3 }, ED25519_KEY[32] = { 4 }, PCR[] = { 0xab, 0xcd };

static context_info full_context(node_info node[static 4], pcr_values *pcrs)
{
	static const char *const NAMES[] = { "one", "two", "three", "four" };

	for (uint32_t i = 0; i < 4; i++)
		node[i] = (node_info){ .mpc_identity = slice_str(NAMES[i]), .external_url = slice_str("https://h:1"), .party_id = i + 1,
		                       .public_storage_url = slice_str("") };
	node[1].has_ca_cert = node[1].has_prefix = true;
	node[1].ca_cert = slice_str("PEM");
	node[1].public_storage_prefix = slice_str("PUB");
	node[1].addresses = 2, node[1].address = FURTHER;
	node[1].digests = 2;
	node[1].digest[0] = (scheme_digest){ 1, slice_of(ED25519_KEY, sizeof ED25519_KEY) };
	node[1].digest[1] = (scheme_digest){ 0, slice_of(ADDRESS, sizeof ADDRESS) };
	*pcrs = (pcr_values){{ slice_of(PCR, 2), slice_of(PCR, 1), slice_of(PCR, 0) }};
	return (context_info){ .id = {{ 7, [31] = 9 }}, .version = { 1, 2, 3, true, slice_str("rc.1") }, .threshold = 1, .nodes = 4,
	                       .node = node, .pcr_sets = 1, .pcrs = pcrs };
}

static void a_context_round_trips(void **state)
{
	(void)state;
	arena a = arena_with_limit(1 << 20);
	node_info node[4];
	pcr_values pcrs;
	const context_info c = full_context(node, &pcrs);
	context_info read;
	eth_address address;
	buf file = { 0 }, again = { 0 };

	context_info_write(&file, &c);
	assert_ok(context_info_read(&read, &a, buf_slice(&file)));
	context_info_write(&again, &read);
	assert_true(slice_eq_var(buf_slice(&file), buf_slice(&again)));
	assert_int_equal(read.nodes, 4);
	assert_int_equal(read.threshold, 1);
	assert_true(slice_eq_var(read.node[2].mpc_identity, slice_str("three")));
	assert_true(read.node[1].has_ca_cert && !read.node[0].has_ca_cert);
	assert_true(eth_address_eq_var(read.node[1].address[1], FURTHER[1]));
	assert_true(node_info_address(&address, &read.node[1]));
	assert_memory_equal(address.b, ADDRESS, sizeof ADDRESS);
	assert_false(node_info_address(&address, &read.node[0]));
	assert_true(slice_eq_var(read.pcrs[0].pcr[0], slice_of(PCR, 2)));
	arena_free(&a);
	buf_free(&file), buf_free(&again);
}

/* The layout is that of other implementations, field by field. */
static void a_context_has_the_known_body(void **state)
{
	(void)state;
	static const uint8_t BODY[] = {
		0, 0, 0, 0,  1, 0, 0, 0, 0, 0, 0, 0,                                                   /* version, one node       */
		2, 0, 0, 0,  1, 0, 0, 0, 0, 0, 0, 0, 'a',  5, 0, 0, 0,                                  /* version, identity, party */
		3, 0, 0, 0, 0, 0, 0, 0, 'u', 'r', 'l',  0,                                             /* url, no certificate     */
		0, 0, 0, 0, 0, 0, 0, 0,  1, 1, 0, 0, 0, 0, 0, 0, 0, 'p',                                /* storage, prefix         */
		0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,                           /* addresses, digests      */
		7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0, 0, 0, 0,  1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0,  0,                                    /* software                */
		6, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,                                                   /* threshold, measurements */
	};
	const node_info node = { .mpc_identity = slice_str("a"), .party_id = 5, .external_url = slice_str("url"), .has_prefix = true,
	                         .public_storage_prefix = slice_str("p") };
	const context_info c = { .id = {{ 7, [31] = 1 }}, .version = { 1, 2, 3, false, { 0 } }, .threshold = 6, .nodes = 1, .node = &node };
	buf file = { 0 };

	context_info_write(&file, &c);
	assert_true(file.n > sizeof BODY);
	assert_memory_equal(file.p + file.n - sizeof BODY, BODY, sizeof BODY);
	assert_memory_equal(file.p + file.n - sizeof BODY - strlen("kms::ContextInfo"), "kms::ContextInfo", strlen("kms::ContextInfo"));
	buf_free(&file);
}

static void a_context_that_is_cut_or_changed_is_refused_or_another(void **state)
{
	(void)state;
	node_info node[4];
	pcr_values pcrs;
	const context_info c = full_context(node, &pcrs);
	context_info read;
	buf file = { 0 };

	context_info_write(&file, &c);
	for (size_t n = 0; n < file.n; n++) {
		arena a = arena_with_limit(1 << 20);
		assert_err(ERR_REQUEST, context_info_read(&read, &a, slice_of(file.p, n)));
		arena_free(&a);
	}
	for (size_t i = 0; i < file.n; i++) {
		arena a = arena_with_limit(1 << 20);
		buf again = { 0 };
		file.p[i] ^= 0x41;
		if (context_info_read(&read, &a, buf_slice(&file)) == OK) {
			context_info_write(&again, &read);
			assert_true(slice_eq_var(buf_slice(&again), buf_slice(&file)));
		}
		err_clear();
		file.p[i] ^= 0x41;
		buf_free(&again);
		arena_free(&a);
	}
	buf_put_u8(&file, 0);
	arena a = arena_with_limit(1 << 20);
	assert_err(ERR_REQUEST, context_info_read(&read, &a, buf_slice(&file)));
	arena_free(&a);
	buf_free(&file);
}

static void versions_of_software_are_read(void **state)
{
	(void)state;
	static const char *const WRONG[] = { "", "a", "1.", ".1", "1..2", "1.2.3.4", "1.2.3-", "1.2.3-a b", "-1", "1.2x", " 1", "4294967296" };
	software_version v;

	assert_ok(software_version_read(&v, slice_str("1")));
	assert_true(v.major == 1 && v.minor == 0 && v.patch == 0 && !v.has_tag);
	assert_ok(software_version_read(&v, slice_str("1.22")));
	assert_true(v.major == 1 && v.minor == 22 && v.patch == 0);
	assert_ok(software_version_read(&v, slice_str("1.2.3-rc.1")));
	assert_true(v.patch == 3 && v.has_tag && slice_eq_var(v.tag, slice_str("rc.1")));
	for (size_t i = 0; i < COUNT(WRONG); i++) assert_err(ERR_REQUEST, software_version_read(&v, slice_str(WRONG[i])));
}

static void an_epoch_round_trips_and_refuses_what_cannot_be(void **state)
{
	(void)state;
	static const uint8_t KEYS[3][PRSS_KEY] = { { 1 }, { 2 }, { 3 } };
	const epoch_data e = { {{ 8, [31] = 2 }}, {{ 7, [31] = 1 }}, 4, 1, 4, 3, 1700000000123, 3, KEYS };
	epoch_data read;
	buf file = { 0 };

	epoch_data_write(&file, &e);
	assert_ok(epoch_data_read(&read, buf_slice(&file)));
	assert_true(id_eq_var(&read.epoch_id, &e.epoch_id) && id_eq_var(&read.context_id, &e.context_id));
	assert_true(read.n == 4 && read.t == 1 && read.d == 4 && read.me == 3 && read.keys == 3 && read.created_ms == e.created_ms);
	assert_memory_equal(read.key, KEYS, sizeof KEYS);
	for (size_t n = 0; n < file.n; n++) assert_err(ERR_REQUEST, epoch_data_read(&read, slice_of(file.p, n)));
	static const struct { size_t at; uint8_t to; } WRONG[] = { { 0, 2 }, { 65, 3 }, { 66, 0 }, { 66, 2 }, { 67, 3 }, { 68, 0 }, { 68, 5 },
	                                                           { 77, 2 }, { 77, 4 }, { 79, 1 } };
	for (size_t k = 0; k < COUNT(WRONG); k++) {
		const uint8_t was = file.p[WRONG[k].at];
		file.p[WRONG[k].at] = WRONG[k].to;
		assert_err(ERR_REQUEST, epoch_data_read(&read, buf_slice(&file)));
		file.p[WRONG[k].at] = was;
	}
	buf_put_u8(&file, 0);
	assert_err(ERR_REQUEST, epoch_data_read(&read, buf_slice(&file)));
	buf_free(&file);
}

static void a_party_s_part_of_a_key_round_trips_with_its_mark(void **state)
{
	(void)state;
	key_record r = { .state = KEY_ACTIVE, .marks = KEY_INSECURE, .fhe_parameter = 1, .created_ms = 5, .body = {{ 7 }},
	                 .metadata = { .key_id = {{ 1 }}, .prep_id = {{ 2 }}, .external_signature = slice_str("signature") } }, read;
	buf file = { 0 };
	slice part;

	own_part_write(&file, &r, slice_str("opaque"));
	assert_ok(own_part_read(&read, &part, buf_slice(&file)));
	assert_true(slice_eq_var(part, slice_str("opaque")));
	assert_int_equal(read.marks, KEY_INSECURE);
	assert_true(id_eq_var(&read.metadata.key_id, &r.metadata.key_id));
	for (size_t n = 0; n < file.n; n++) assert_err(ERR_REQUEST, own_part_read(&read, &part, slice_of(file.p, n)));
	/* It is not a whole key's record, nor the reverse. */
	assert_err(ERR_REQUEST, key_record_read(&read, buf_slice(&file)));
	buf_clear(&file);
	key_record_write(&file, &r);
	assert_err(ERR_REQUEST, own_part_read(&read, &part, buf_slice(&file)));
	buf_free(&file);
}

/* A key without marks has one encoding, and unknown marks are not passed over. */
static void marks_have_one_encoding(void **state)
{
	(void)state;
	key_record r = { .state = KEY_ACTIVE, .fhe_parameter = 1, .metadata = { .key_id = {{ 1 }}, .prep_id = {{ 2 }} } }, read;
	buf file = { 0 };

	key_record_write(&file, &r);
	assert_int_equal(file.p[0], 2);
	buf_clear(&file);
	r.marks = KEY_INSECURE;
	key_record_write(&file, &r);
	assert_int_equal(file.p[0], 3);
	assert_ok(key_record_read(&read, buf_slice(&file)));
	file.p[1] = 0;
	assert_err(ERR_REQUEST, key_record_read(&read, buf_slice(&file)));
	file.p[1] = 4;
	assert_err(ERR_REQUEST, key_record_read(&read, buf_slice(&file)));
	buf_free(&file);
}

TESTS(TEST(a_context_round_trips), TEST(a_context_has_the_known_body), TEST(a_context_that_is_cut_or_changed_is_refused_or_another),
      TEST(versions_of_software_are_read), TEST(an_epoch_round_trips_and_refuses_what_cannot_be),
      TEST(a_party_s_part_of_a_key_round_trips_with_its_mark), TEST(marks_have_one_encoding))
