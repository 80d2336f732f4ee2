/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include "node/frames.h"
#include "tests/test.h"
#include "tkms/key_share.h"

static void an_announcement_round_trips_and_nothing_else_is_one(void **state)
{
	(void)state;
	const announcement a = { ATTEMPT_DEAL, {{ 4, [31] = 5 }}, 7, PHASE_BEGINNING };
	uint8_t bytes[ANNOUNCEMENT_BYTES + 1] = { 0 };
	announcement read;

	announcement_write(bytes, &a);
	assert_true(announcement_read(&read, slice_of(bytes, ANNOUNCEMENT_BYTES)));
	assert_true(read.what == a.what && read.attempt == 7 && read.phase == a.phase && id_eq_var(&read.request, &a.request));
	for (size_t n = 0; n < ANNOUNCEMENT_BYTES; n++) assert_false(announcement_read(&read, slice_of(bytes, n)));
	assert_false(announcement_read(&read, slice_of(bytes, sizeof bytes)));
	static const struct { size_t at; uint8_t to; } WRONG[] = { { 0, 0 }, { 0, ATTEMPTS }, { 33, 0 }, { 37, 0 }, { 37, 4 } };
	for (size_t i = 0; i < COUNT(WRONG); i++) {
		announcement_write(bytes, &a);
		bytes[WRONG[i].at] = WRONG[i].to;
		assert_false(announcement_read(&read, slice_of(bytes, ANNOUNCEMENT_BYTES)));
	}
}

static void a_deal_header_round_trips_within_its_bounds(void **state)
{
	(void)state;
	deal_header h = { .public_key_bytes = 5, .keyset_bytes = 6, .public_key_digest = { 1 }, .keyset_digest = { 2 }, .share = slice_str("share") };
	deal_header read;
	buf m = { 0 };

	deal_header_write(&m, &h);
	assert_true(deal_header_read(&read, buf_slice(&m)));
	assert_true(read.public_key_bytes == 5 && read.keyset_bytes == 6 && slice_eq_var(read.share, h.share));
	assert_memory_equal(read.keyset_digest, h.keyset_digest, KEY_DIGEST_BYTES);
	for (size_t n = 0; n <= m.n - h.share.n; n++) assert_false(deal_header_read(&read, slice_of(m.p, n)));
	m.p[0] = DEAL_WAIT;
	assert_false(deal_header_read(&read, buf_slice(&m)));
	m.p[0] = DEAL_HEADER;
	for (size_t at = 8; at <= 16; at += 8) {                       /* the high byte of either length */
		m.p[at] = 1;
		assert_false(deal_header_read(&read, buf_slice(&m)));
		m.p[at] = 0;
	}
	m.p[1] = 0;
	assert_false(deal_header_read(&read, buf_slice(&m)));
	m.p[1] = 5, m.p[9] = 0;
	assert_false(deal_header_read(&read, buf_slice(&m)));
	buf_clear(&m);
	uint8_t *large = calloc(1, MAX_KEY_SHARE_FILE + 1);
	assert_non_null(large);
	h.share = slice_of(large, MAX_KEY_SHARE_FILE);
	deal_header_write(&m, &h);
	assert_true(deal_header_read(&read, buf_slice(&m)));
	buf_put_u8(&m, 0);
	assert_false(deal_header_read(&read, buf_slice(&m)));
	free(large);
	buf_free(&m);
}

TESTS(TEST(an_announcement_round_trips_and_nothing_else_is_one), TEST(a_deal_header_round_trips_within_its_bounds))
